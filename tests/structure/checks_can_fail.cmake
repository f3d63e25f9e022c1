# cmake -P tests/structure/checks_can_fail.cmake
#
# The structure checks see what they are there to see: each is run on a small broken tree and must report it.
cmake_minimum_required(VERSION 3.25)
string(RANDOM LENGTH 8 suffix)
set(tree "${CMAKE_CURRENT_BINARY_DIR}/broken_tree_${suffix}")
if(DEFINED ENV{TMPDIR})
  set(tree "$ENV{TMPDIR}/broken_tree_${suffix}")
endif()
set(failures)

function(write path)
  string(JOIN "\n" text ${ARGN})
  file(WRITE "${tree}/${path}" "${text}\n")
endfunction()

# expect_failure(<script> <text>): the script must fail on the tree and print the text.
function(expect_failure script text)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" "-DSOURCE_DIR=${tree}" -P "${CMAKE_CURRENT_LIST_DIR}/${script}"
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  string(FIND "${output}" "${text}" position)
  if(result EQUAL 0 OR position EQUAL -1)
    set(failures "${failures}\n${script} did not report \"${text}\":\n${output}" PARENT_SCOPE)
  endif()
endfunction()

set(head "// SPDX-License-Identifier: Apache-2.0" "#pragma once")
write(include/quantroof/version.hpp ${head} "#define QUANTROOF_VERSION_MAJOR 3")
write(include/quantroof/core.hpp ${head} "#include <quantroof/engine/a.hpp>")
write(include/quantroof/engine/a.hpp ${head} "#include \"quantroof/io/b.hpp\"" "#include <memory>" "#define A 1")
write(include/quantroof/io/b.hpp ${head} "#include <stdexcept>" "#include \"b2.hpp\"")
write(include/quantroof/model/c.hpp "#include \"quantroof/engine/none.hpp\"" "#include <fmt/format.h>")
write(include/quantroof/roofline/d.hpp ${head} "#include \"quantroof/dynamic_quant/e.hpp\"")
write(include/quantroof/dynamic_quant/e.hpp ${head})
write(include/quantroof/elsewhere/f.hpp ${head})
write(cmake/headers.cmake "set(quantroof_core_headers include/quantroof/core.hpp include/quantroof/gone.hpp)"
      "set(quantroof_io_headers)")

expect_failure(layers.cmake "engine/a.hpp: includes quantroof/io/b.hpp: engine must not depend on io")
expect_failure(layers.cmake "engine/a.hpp: includes <memory>")
expect_failure(layers.cmake "io/b.hpp: includes <stdexcept>")
expect_failure(layers.cmake "io/b.hpp: includes \"b2.hpp\"")
expect_failure(layers.cmake "model/c.hpp: includes quantroof/engine/none.hpp, which does not exist")
expect_failure(layers.cmake "model/c.hpp: includes <fmt/format.h>")
expect_failure(layers.cmake "roofline must not depend on dynamic_quant")
expect_failure(layers.cmake "elsewhere has no place")
expect_failure(headers_listed.cmake "include/quantroof/engine/a.hpp: not in quantroof_core_headers")
expect_failure(headers_listed.cmake "include/quantroof/io/b.hpp: not in quantroof_io_headers")
expect_failure(headers_listed.cmake "include/quantroof/gone.hpp: in quantroof_core_headers")
expect_failure(headers_listed.cmake "include/quantroof/model/c.hpp: the first line must be")
expect_failure(headers_listed.cmake "include/quantroof/model/c.hpp: no #pragma once")
expect_failure(headers_listed.cmake "include/quantroof/model/c.hpp: quantroof/core.hpp does not include it")
expect_failure(headers_listed.cmake "include/quantroof/engine/a.hpp: #define A 1")

write(CHANGELOG.md "## [0.1.0] - 2026-01-01")
expect_failure(version.cmake "the newest release in CHANGELOG.md is \"0.1.0\"")

write(CMakePresets.json "\"name\": \"dev\"")
file(WRITE "${tree}/examples/one.cpp" "int a[2];\n  // [part]\n  int b; // \\\n    int c;\n  // [/part]\n")
file(WRITE "${tree}/README.md"
     "<!-- example: examples/one.cpp#part -->\n```cpp\nint b; // \\\n  int c;\n```\n" # right
     "<!-- example: examples/one.cpp -->\n```cpp\nint a[3];\n```\n" # differs
     "\n```cpp\nint unmarked;\n```\n"
     "cmake --workflow --preset nosuch\n[text](missing.md) [site](https://example.org)\n")
expect_failure(docs.cmake "README.md:7: the block differs from examples/one.cpp")
expect_failure(docs.cmake "README.md:11: a cpp block without")
expect_failure(docs.cmake "README.md:14: there is no preset nosuch")
expect_failure(docs.cmake "README.md:15: the link missing.md leads nowhere")
execute_process(
  COMMAND "${CMAKE_COMMAND}" "-DSOURCE_DIR=${tree}" -P "${CMAKE_CURRENT_LIST_DIR}/docs.cmake"
  ERROR_VARIABLE output OUTPUT_QUIET)
if(output MATCHES "README.md:2")
  string(APPEND failures "\ndocs.cmake refused a block that equals its region:\n${output}")
endif()

file(REMOVE_RECURSE "${tree}")
if(failures)
  message(FATAL_ERROR "${failures}")
endif()
