// SPDX-License-Identifier: Apache-2.0
#include "quantroof/version.hpp"

#include "catch.hpp"

namespace version_test {

namespace {

using quantroof::version_number;

static_assert(quantroof::version == version_number{.major = QUANTROOF_VERSION_MAJOR,
                                                   .minor = QUANTROOF_VERSION_MINOR,
                                                   .patch = QUANTROOF_VERSION_PATCH});

TEST_CASE("versions differ when any part differs") {
  CHECK(version_number{1, 2, 3} == version_number{1, 2, 3});
  CHECK_FALSE(version_number{1, 2, 3} == version_number{0, 2, 3});
  CHECK_FALSE(version_number{1, 2, 3} == version_number{1, 0, 3});
  CHECK_FALSE(version_number{1, 2, 3} == version_number{1, 2, 0});
}

}  // namespace

}  // namespace version_test
