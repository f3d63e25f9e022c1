// SPDX-License-Identifier: Apache-2.0
//
// One include for Catch2 2.13 (Debian, Ubuntu) and 3.x, whichever is installed.
// Benches define CATCH_CONFIG_ENABLE_BENCHMARKING (tests/bench/CMakeLists.txt does) to get BENCHMARK.
#pragma once

#include <string>

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/catch_tostring.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#ifdef CATCH_CONFIG_ENABLE_BENCHMARKING
#include <catch2/benchmark/catch_benchmark.hpp>
#endif
using Catch::Approx;  // as in 2.x
namespace test {
/// Matches a text that has `part` in it: REQUIRE_THROWS_WITH(f(), test::contains("f: rule")).
inline auto contains(const std::string& part) { return Catch::Matchers::ContainsSubstring(part); }
}  // namespace test
#else
#include <catch2/catch.hpp>
namespace test {
/// Matches a text that has `part` in it: REQUIRE_THROWS_WITH(f(), test::contains("f: rule")).
inline auto contains(const std::string& part) { return Catch::Matchers::Contains(part); }
}  // namespace test
#endif
