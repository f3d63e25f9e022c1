# cmake -D COMPILER=g++ [-D INCLUDES=<dir>|<dir>] -P tests/structure/include_size.cmake
#
# What an #include costs: the preprocessed size in kB (1000 bytes) of each header, against a budget. The size hardly depends
# on the machine, unlike the time, which follows it (about 0.4 ms per kB with g++ 12).
cmake_minimum_required(VERSION 3.25)
if(NOT SOURCE_DIR)
  file(REAL_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." SOURCE_DIR)
endif()

# header (or the default of its part) and budget in kB
set(budget_core 1400)
set(budget_io 4850)
set(budget_include/quantroof/version.hpp 150)
set(budget_include/quantroof/precision/thread_executor.hpp 1350) # <thread> and <vector> are 1200
set(budget_include/quantroof/core.hpp 1680) # the standard headers it needs are 752, published quality 60, the measured constants 40, the presets 22
set(budget_include/quantroof/io/format.hpp 2750) # fmt 9.1 and the same are 1871
set(budget_include/quantroof/io/json.hpp 1600) # core and the hooks
set(budget_include/quantroof/quantroof.hpp 2950)

include("${SOURCE_DIR}/cmake/headers.cmake")
string(REPLACE "|" ";" directories "${INCLUDES}")
list(REMOVE_DUPLICATES directories)
list(FILTER directories EXCLUDE REGEX "^$")
list(TRANSFORM directories PREPEND "-isystem")
list(FILTER directories EXCLUDE REGEX "^-isystem/usr/include$") # putting it first breaks #include_next

set(table)
set(problems)
foreach(part IN ITEMS core io)
  foreach(header IN LISTS quantroof_${part}_headers)
    execute_process(
      COMMAND "${COMPILER}" -std=c++20 -w -E -P -x c++ "-I${SOURCE_DIR}/include" ${directories} "${SOURCE_DIR}/${header}"
      OUTPUT_VARIABLE text ERROR_VARIABLE errors RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
      list(APPEND problems "${header}: ${errors}")
      continue()
    endif()
    string(LENGTH "${text}" size)
    math(EXPR size "(${size} + 500) / 1000")

    set(budget ${budget_${part}})
    if(DEFINED budget_${header})
      set(budget ${budget_${header}})
    endif()
    set(row "     ${size}")
    string(LENGTH "${row}" length)
    math(EXPR start "${length} - 5")
    string(SUBSTRING "${row}" ${start} 5 row)
    string(APPEND table "${row} / ${budget} kB  ${header}\n")
    if(size GREATER budget)
      list(APPEND problems "${header}: ${size} kB, more than the ${budget} kB it may cost")
    endif()
  endforeach()
endforeach()

message("${table}")
if(problems)
  list(JOIN problems "\n  " text)
  message(FATAL_ERROR "  ${text}")
endif()
