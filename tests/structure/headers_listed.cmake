# cmake [-D WRITE=ON] -P tests/structure/headers_listed.cmake
#
# Every header of include/quantroof is in cmake/headers.cmake and the other way round; core.hpp and quantroof.hpp reach
# what they promise; every header starts with its licence, is guarded and defines no macro.
# WRITE=ON rewrites cmake/headers.cmake from the tree instead.
cmake_minimum_required(VERSION 3.25)
if(NOT SOURCE_DIR)
  file(REAL_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." SOURCE_DIR)
endif()

set(list_file "${SOURCE_DIR}/cmake/headers.cmake")
set(root "${SOURCE_DIR}/include")
file(GLOB_RECURSE tree RELATIVE "${SOURCE_DIR}" "${root}/*")
list(SORT tree)

# core.hpp and everything outside io/ is std-only.
set(io_tree ${tree})
list(FILTER io_tree INCLUDE REGEX "^include/quantroof/(io/|quantroof\\.hpp$)")
set(core_tree ${tree})
if(io_tree)
  list(REMOVE_ITEM core_tree ${io_tree})
endif()

if(WRITE)
  list(JOIN core_tree "\n    " core_lines)
  list(JOIN io_tree "\n    " io_lines)
  file(
    WRITE "${list_file}"
    "# The headers that are installed and checked one by one: this list is the public surface.\n"
    "# A test compares it with the tree. After adding a header:\n"
    "#   cmake -D WRITE=ON -P tests/structure/headers_listed.cmake\n\n"
    "set(quantroof_core_headers # the standard library only\n    ${core_lines})\n\n"
    "set(quantroof_io_headers # fmt and nlohmann_json\n    ${io_lines})\n")
  return()
endif()

include("${list_file}")
set(problems)

foreach(part IN ITEMS core io)
  foreach(header IN LISTS ${part}_tree)
    if(NOT header IN_LIST quantroof_${part}_headers)
      list(APPEND problems "${header}: not in quantroof_${part}_headers of cmake/headers.cmake")
    endif()
  endforeach()
  foreach(header IN LISTS quantroof_${part}_headers)
    if(NOT header IN_LIST ${part}_tree)
      list(APPEND problems "${header}: in quantroof_${part}_headers of cmake/headers.cmake but not in the tree")
    endif()
  endforeach()
endforeach()

foreach(header IN LISTS tree)
  file(STRINGS "${SOURCE_DIR}/${header}" first LIMIT_COUNT 1)
  if(NOT first STREQUAL "// SPDX-License-Identifier: Apache-2.0")
    list(APPEND problems "${header}: the first line must be // SPDX-License-Identifier: Apache-2.0")
  endif()
  file(STRINGS "${SOURCE_DIR}/${header}" once REGEX "^#pragma once$")
  if(NOT once)
    list(APPEND problems "${header}: no #pragma once")
  endif()
  file(STRINGS "${SOURCE_DIR}/${header}" macros REGEX "^[ \t]*#[ \t]*define")
  foreach(macro IN LISTS macros)
    if(NOT (header STREQUAL "include/quantroof/version.hpp" AND macro MATCHES "QUANTROOF_VERSION_"))
      list(APPEND problems "${header}: ${macro}: the library defines no macros but its version")
    endif()
  endforeach()
endforeach()

# What a header reaches through the library's own includes.
function(reach start result)
  set(seen "${start}")
  set(pending "${start}")
  while(pending)
    list(POP_FRONT pending header)
    if(EXISTS "${root}/${header}")
      file(STRINGS "${root}/${header}" lines REGEX "^#[ \t]*include[ \t]*[<\"]quantroof/")
      foreach(line IN LISTS lines)
        string(REGEX REPLACE "^#[ \t]*include[ \t]*[<\"]([^>\"]+)[>\"].*$" "\\1" target "${line}")
        if(NOT target IN_LIST seen)
          list(APPEND seen "${target}")
          list(APPEND pending "${target}")
        endif()
      endforeach()
    endif()
  endwhile()
  set(${result} "${seen}" PARENT_SCOPE)
endfunction()

# Headers that core.hpp leaves to those who need them, because of what they cost.
set(apart quantroof/precision/thread_executor.hpp)

reach(quantroof/core.hpp core_reach)
foreach(header IN LISTS core_tree)
  string(REGEX REPLACE "^include/" "" name "${header}")
  if(NOT name IN_LIST core_reach AND NOT name IN_LIST apart)
    list(APPEND problems "${header}: quantroof/core.hpp does not include it")
  endif()
endforeach()
reach(quantroof/quantroof.hpp all_reach)
foreach(header IN ITEMS quantroof/core.hpp quantroof/io/format.hpp quantroof/io/json.hpp)
  if(NOT header IN_LIST all_reach)
    list(APPEND problems "${header}: quantroof/quantroof.hpp does not include it")
  endif()
endforeach()

list(LENGTH tree count)
if(problems)
  list(JOIN problems "\n  " text)
  message(FATAL_ERROR "  ${text}\n(cmake -D WRITE=ON -P tests/structure/headers_listed.cmake writes the list)")
endif()
message(STATUS "${count} headers: listed, reachable, licensed, guarded, no macros")
