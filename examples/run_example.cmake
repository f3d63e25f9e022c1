# cmake -D PROGRAM=<file> -D ARGUMENTS=<text> -D EXPECTED=<file> [-D UPDATE=ON] -P run_example.cmake
#
# Runs an example; its output must equal EXPECTED where that file exists. UPDATE=ON writes the file instead.
cmake_minimum_required(VERSION 3.25)

separate_arguments(arguments UNIX_COMMAND "${ARGUMENTS}")
execute_process(
  COMMAND "${PROGRAM}" ${arguments}
  RESULT_VARIABLE result
  OUTPUT_VARIABLE output
  ERROR_VARIABLE errors)
string(REPLACE "\r\n" "\n" output "${output}")
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ${ARGUMENTS} ended with ${result}\n${output}\n${errors}")
endif()
if(NOT EXISTS "${EXPECTED}")
  message(STATUS "no ${EXPECTED} to compare with")
  return()
endif()
if(UPDATE)
  file(WRITE "${EXPECTED}" "${output}")
  return()
endif()

file(READ "${EXPECTED}" expected)
string(REPLACE "\r\n" "\n" expected "${expected}")
if(NOT output STREQUAL expected)
  set(actual "${PROGRAM}.output.txt")
  file(WRITE "${actual}" "${output}")
  execute_process(COMMAND diff -u "${EXPECTED}" "${actual}" OUTPUT_VARIABLE difference ERROR_QUIET)
  file(REMOVE "${actual}")
  message("${difference}")
  message(FATAL_ERROR "the output differs from ${EXPECTED}; if the new output is right, build the target update_expected")
endif()
