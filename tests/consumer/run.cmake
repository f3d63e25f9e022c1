# cmake -D PROJECT_DIR=<dir> -D BINARY_DIR=<dir> -D GENERATOR=<generator> -P run.cmake -- <configure arguments>
#
# Configures and builds one consumer project from nothing and runs the programs it says it made.
cmake_minimum_required(VERSION 3.25)

set(arguments)
set(mine TRUE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(index RANGE ${last})
  if(mine)
    if(CMAKE_ARGV${index} STREQUAL "--")
      set(mine FALSE)
    endif()
  else()
    string(REPLACE ";" "\\;" argument "${CMAKE_ARGV${index}}")
    list(APPEND arguments "${argument}")
  endif()
endforeach()

file(REMOVE_RECURSE "${BINARY_DIR}")
execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${PROJECT_DIR}" -B "${BINARY_DIR}" -G "${GENERATOR}" -DCMAKE_BUILD_TYPE=Debug ${arguments}
          COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${BINARY_DIR}" --config Debug COMMAND_ERROR_IS_FATAL ANY)

if(EXISTS "${BINARY_DIR}/programs.txt")
  file(STRINGS "${BINARY_DIR}/programs.txt" programs)
  foreach(program IN LISTS programs)
    execute_process(COMMAND "${program}" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endif()
