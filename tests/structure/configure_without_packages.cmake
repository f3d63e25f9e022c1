# cmake -D COMPILER=g++ -D GENERATOR=<generator> -D BINARY_DIR=<scratch> -P tests/structure/configure_without_packages.cmake
#
# On a machine without the packages and without network, configuring fails within seconds and names the command that helps.
cmake_minimum_required(VERSION 3.25)
if(NOT SOURCE_DIR)
  file(REAL_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." SOURCE_DIR)
endif()

foreach(name IN ITEMS fmt nlohmann_json Catch2)
  file(REMOVE_RECURSE "${BINARY_DIR}")
  string(TIMESTAMP begin "%s")
  execute_process(
    COMMAND
      "${CMAKE_COMMAND}" -E env https_proxy=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 # nothing listens there
      "${CMAKE_COMMAND}" -S "${SOURCE_DIR}" -B "${BINARY_DIR}" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
      -DCMAKE_DISABLE_FIND_PACKAGE_${name}=ON
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  string(TIMESTAMP end "%s")
  math(EXPR seconds "${end} - ${begin}")

  string(REGEX REPLACE "[ \n]+" " " line "${output}")
  if(result EQUAL 0)
    message(FATAL_ERROR "configuring without ${name} succeeded:\n${output}")
  elseif(NOT line MATCHES "needs ${name},.*sudo apt-get install -y g\\+\\+ cmake libfmt-dev nlohmann-json3-dev catch2")
    message(FATAL_ERROR "configuring without ${name} does not name the command that helps:\n${output}")
  elseif(seconds GREATER 15)
    message(FATAL_ERROR "configuring without ${name} took ${seconds} s to fail")
  endif()
  message(STATUS "without ${name}: refused after ${seconds} s")
endforeach()
file(REMOVE_RECURSE "${BINARY_DIR}")
