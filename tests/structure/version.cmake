# cmake -P tests/structure/version.cmake
#
# The newest release in CHANGELOG.md is the version of version.hpp.
cmake_minimum_required(VERSION 3.25)
if(NOT SOURCE_DIR)
  file(REAL_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." SOURCE_DIR)
endif()

file(READ "${SOURCE_DIR}/include/quantroof/version.hpp" text)
set(version)
foreach(part IN ITEMS MAJOR MINOR PATCH)
  string(REGEX MATCH "QUANTROOF_VERSION_${part} ([0-9]+)" _ "${text}")
  list(APPEND version "${CMAKE_MATCH_1}")
endforeach()
list(JOIN version "." version)

file(STRINGS "${SOURCE_DIR}/CHANGELOG.md" releases REGEX "^## \\[[0-9]+\\.[0-9]+\\.[0-9]+\\]")
list(POP_FRONT releases newest)
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" newest "${newest}")

if(NOT newest STREQUAL version)
  message(FATAL_ERROR "version.hpp says ${version}, the newest release in CHANGELOG.md is \"${newest}\"")
endif()
message(STATUS "version ${version} in version.hpp and CHANGELOG.md")
