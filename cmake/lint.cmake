# Target lint: every header once, by the compiler with our warnings and by clang-tidy (preset tidy).
#
# Two translation units include all headers of a part. One unit a header would read each header as often as others include it: 250 units took 15 minutes
# where two take one. That each header compiles alone is what target all_verify_interface_header_sets checks (presets test, dev, headers).
add_custom_target(lint)
foreach(part IN ITEMS core io)
  set(text)
  foreach(header IN LISTS quantroof_${part}_headers)
    string(REGEX REPLACE "^include/" "" name "${header}")
    string(APPEND text "#include <${name}>\n")
  endforeach()
  set(file "${PROJECT_BINARY_DIR}/lint/${part}.cpp")
  file(CONFIGURE OUTPUT "${file}" CONTENT "${text}" @ONLY)
  add_library(lint_${part} OBJECT EXCLUDE_FROM_ALL "${file}")
  target_link_libraries(lint_${part} PRIVATE quantroof::quantroof quantroof_warnings)
  add_dependencies(lint lint_${part})
endforeach()
