# fmt and nlohmann_json for the library, Catch2 for the tests.
#
# Each is looked for in this order: a target the parent project already has, an installed package (apt, vcpkg,
# conan, CMAKE_PREFIX_PATH), a download. Without package and network the configuration stops at once with the
# command that helps. FETCHCONTENT_SOURCE_DIR_<NAME>, FETCHCONTENT_FULLY_DISCONNECTED and
# FETCHCONTENT_TRY_FIND_PACKAGE_MODE mean what they mean everywhere; nothing here sets them.
include(FetchContent)

set(quantroof_fmt_version 9.1)
set(quantroof_json_version 3.11)

function(quantroof_stop name reason)
  message(FATAL_ERROR "quantroof needs ${name}, but it is not installed and ${reason}; on Debian and Ubuntu this "
                      "installs all that is needed:\n"
                      "  sudo apt-get install -y g++ cmake libfmt-dev nlohmann-json3-dev catch2\n")
endfunction()

# quantroof_require(<name> <target> URL <url> SHA256 <hash> PACKAGE <find_package arguments>)
function(quantroof_require name target)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "URL;SHA256" "PACKAGE")
  if(TARGET ${target})
    return() # the parent project's choice wins
  endif()

  FetchContent_Declare(
    ${name} SYSTEM
    URL "${arg_URL}"
    URL_HASH "SHA256=${arg_SHA256}"
    FIND_PACKAGE_ARGS ${arg_PACKAGE})

  string(TOUPPER "${name}" upper)
  string(TOLOWER "${name}" lower)
  if(NOT FETCHCONTENT_SOURCE_DIR_${upper})
    if(NOT FETCHCONTENT_TRY_FIND_PACKAGE_MODE STREQUAL "NEVER")
      find_package(${name} ${arg_PACKAGE} QUIET)
      if(TARGET ${target})
        message(STATUS "quantroof: found ${name} ${${name}_VERSION} in ${${name}_DIR}")
        return()
      endif()
    endif()
    if(NOT FETCHCONTENT_FULLY_DISCONNECTED AND NOT EXISTS "${FETCHCONTENT_BASE_DIR}/${lower}-src/CMakeLists.txt")
      # One byte of the real archive shows in seconds what the download would find out after minutes of retries.
      message(STATUS "quantroof: ${name} is not installed, downloading ${arg_URL}")
      file(DOWNLOAD "${arg_URL}" RANGE_START 0 RANGE_END 0 TIMEOUT 10 STATUS status)
      list(POP_FRONT status code)
      if(NOT code EQUAL 0)
        quantroof_stop(${name} "${arg_URL} cannot be reached (${status})")
      endif()
    endif()
  endif()

  # Fetched code is built without its own tests and without our warning settings. It is installed along with us,
  # because an exported target may only depend on targets that are exported too.
  set(CMAKE_COMPILE_WARNING_AS_ERROR OFF)
  set(BUILD_TESTING OFF)
  set(FMT_INSTALL ${QUANTROOF_INSTALL})
  set(FMT_TEST OFF)
  set(FMT_DOC OFF)
  set(JSON_Install ${QUANTROOF_INSTALL})
  set(JSON_BuildTests OFF)
  set(CATCH_INSTALL_DOCS OFF)
  set(CATCH_INSTALL_EXTRAS OFF)
  FetchContent_MakeAvailable(${name})
  if(NOT TARGET ${target})
    quantroof_stop(${name} "its source is not there either")
  endif()
endfunction()

quantroof_require(
  fmt fmt::fmt
  URL https://github.com/fmtlib/fmt/releases/download/11.1.4/fmt-11.1.4.zip
  SHA256 49b039601196e1a765e81c5c9a05a61ed3d33f23b3961323d7322e4fe213d3e6
  PACKAGE ${quantroof_fmt_version} CONFIG)
quantroof_require(
  nlohmann_json nlohmann_json::nlohmann_json
  URL https://github.com/nlohmann/json/releases/download/v3.11.3/json.tar.xz
  SHA256 d6c65aca6b1ed68e7a182f4757257b107ae403032760ed6ef121c9d55e81757d
  PACKAGE ${quantroof_json_version} CONFIG)
if(QUANTROOF_BUILD_TESTS)
  quantroof_require(
    Catch2 Catch2::Catch2
    URL https://github.com/catchorg/Catch2/archive/refs/tags/v3.7.1.tar.gz
    SHA256 c991b247a1a0d7bb9c39aa35faf0fe9e19764213f28ffba3109388e62ee0269c
    PACKAGE CONFIG) # 2.13 and 3.x both do
endif()
