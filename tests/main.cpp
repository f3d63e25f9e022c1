// SPDX-License-Identifier: Apache-2.0
//
// The main() of Catch2 2.x, for installations without Catch2::Catch2WithMain and for benches, whose main must be built with
// benchmarking switched on. Catch2 3.x always brings its own.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
