# The warnings our own tests and examples are built with. Nothing here reaches a user of the library.
# Whether a warning is an error is the preset's choice (CMAKE_COMPILE_WARNING_AS_ERROR).
if(MSVC)
  set(quantroof_warning_options /W4)
else()
  set(quantroof_warning_options -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion)
endif()

add_library(quantroof_warnings INTERFACE)
target_compile_options(quantroof_warnings INTERFACE ${quantroof_warning_options})
