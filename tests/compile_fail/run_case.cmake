# cmake -D COMPILER=g++ -D SOURCE_DIR=<repository> -D CASE=<file.cpp> [-D INCLUDES=<dir>|<dir>] -P run_case.cmake
cmake_minimum_required(VERSION 3.25)

file(STRINGS "${CASE}" expected REGEX "^// expect: ")
if(NOT expected)
  message(FATAL_ERROR "${CASE} has no line `// expect: <text>`")
endif()
list(TRANSFORM expected REPLACE "^// expect: " "")

string(REPLACE "|" ";" directories "${INCLUDES}")
list(FILTER directories EXCLUDE REGEX "^(/usr/include)?$")
list(TRANSFORM directories PREPEND "-isystem")
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only "-I${SOURCE_DIR}/include" ${directories} "${CASE}"
  RESULT_VARIABLE result
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)

if(expected STREQUAL "nothing")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "this must compile:\n${output}")
  endif()
  return()
endif()

if(result EQUAL 0)
  message(FATAL_ERROR "this must not compile, but it does")
endif()
foreach(text IN LISTS expected)
  string(FIND "${output}" "${text}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "this was refused, but not with \"${text}\":\n${output}")
  endif()
endforeach()
