# cmake -D BUILD=<build tree> -D PREFIX=<dir> -P install.cmake
#
# Installs into an empty prefix and looks at what arrived: every listed header and no other, no example, no test, and no path
# into the source tree.
cmake_minimum_required(VERSION 3.25)
cmake_path(SET source NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../..")

file(REMOVE_RECURSE "${PREFIX}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${PREFIX}" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

include("${source}/cmake/headers.cmake")
set(listed ${quantroof_core_headers} ${quantroof_io_headers})
file(GLOB_RECURSE installed RELATIVE "${PREFIX}" "${PREFIX}/include/quantroof/*")
list(SORT listed)
list(SORT installed)
if(NOT listed STREQUAL installed)
  message(FATAL_ERROR "installed headers:\n${installed}\nlisted headers:\n${listed}")
endif()

file(GLOB_RECURSE files RELATIVE "${PREFIX}" "${PREFIX}/*")
list(FILTER files INCLUDE REGEX "quantroof")
list(FILTER files EXCLUDE REGEX "^(include/quantroof/|share/cmake/quantroof/.*\\.cmake$|share/doc/quantroof/LICENSE$)")
if(files)
  message(FATAL_ERROR "these should not be installed: ${files}")
endif()

file(GLOB package_files "${PREFIX}/share/cmake/quantroof/*.cmake")
foreach(file IN LISTS package_files)
  file(READ "${file}" text)
  string(FIND "${text}" "${source}" position)
  if(NOT position EQUAL -1)
    message(FATAL_ERROR "${file} names the source tree ${source}")
  endif()
endforeach()
