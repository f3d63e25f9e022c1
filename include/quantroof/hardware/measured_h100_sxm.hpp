// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration h100_sxm{.device = "h100_sxm", .arch = architecture::hopper, .date = "2026-11-24",
.gemm = {{
{.tiles = {{64, 64}}, .split = split_k::fills_device, .l2_share = 0.42, .clock_loss = 0.13, .matrix_share = 0.8934,
.memory_share = 0.8609, .fixed_us = 2.951, .feed_bytes_per_clock = 113.8, .soft_waves = 0.8782,
.epilogue_gb_s = 45.45, .correction = {0.0125, 0.0055, 0.0036, -0.0067, 0.0368, -0.0559, -0.0225, 0.0378},
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.04278, .overhead = {0.9341, 1.076},
.memory = {0.9371, 1.071}, .compute = {0.942, 1.105}}},
{.tiles = {{64, 64}, {32, 256, 1, 0.5}}, .split = split_k::never, .l2_share = 0.42, .clock_loss = 0.13,
.matrix_share = 0.8576, .memory_share = 0.8523, .fixed_us = 12.33, .feed_bytes_per_clock = 99.25,
.soft_waves = 0.9624, .epilogue_gb_s = 45.48, .quantize_gelem_s = 3.13, .correction = {-0.0037, 0.0001, 0.0112,
0.0066, -0.0416, -0.0371, 0.0098, 0.0165}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.03084,
.overhead = {0.9306, 1.038}, .memory = {0.9598, 1.048}, .compute = {0.9626, 1.075}}},
{.tiles = {{64, 32}, {64, 64}, {128, 64}, {128, 128}, {16, 64}, {32, 32}}, .split = split_k::never, .l2_share = 0.42,
.clock_loss = 0.13, .matrix_share = 0.7486, .memory_share = 0.9231, .fixed_us = 4.606, .feed_bytes_per_clock = 51.36,
.soft_waves = 0.0617, .epilogue_gb_s = 18.1, .quantize_gelem_s = 4.631, .ragged = 0.8327, .correction = {-0.0274,
-0.0059, 0.0531, 0.0035, -0.0349, 0.0347, 0.0066, -0.0027}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624,
.error = 0.05154, .overhead = {0.9313, 1.127}, .memory = {0.9444, 1.073}, .compute = {0.9168, 1.147}}},
{},
{},
{},
{},
}},
.prefill = {{
{.kernel = attention_kernel::fa3, .token_heads_dim = 512, .fixed_us = 9.001, .matmul = 1.01, .softmax = 0.7644,
.block_cycles = 7526, .tail = 0.1044, .token_us = 0.002976, .write_share = 0.8283, .memory_share = 0.6609,
.l2_speedup = 2.277, .l2_share = 0.7239, .fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.04251,
.overhead = {0.9338, 1.131}, .memory = {0.934, 1.1}, .compute = {0.9343, 1.097}}},
{.kernel = attention_kernel::fa3, .token_heads_dim = 512, .fixed_us = 12.97, .matmul = 2.464, .softmax = 0.3795,
.block_cycles = 4082, .tail = 0.2289, .token_us = 0.005627, .write_share = 0.5963, .memory_share = 0.76,
.l2_speedup = 4.263, .l2_share = 0.7139, .fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.04549,
.overhead = {0.9187, 1.104}, .memory = {0.9295, 1.088}, .compute = {0.9372, 1.058}}},
}},
.decode = {{
{.kernel = attention_kernel::fa3, .fixed_us = 11.42, .memory_share = 0.8809, .l2_speedup = 1.796, .l2_share = 0.8721,
.item_us = 3.542, .matmul = 0.7956, .combine_us = 0.8534, .split_us = 0.06844, .fit = {.source = "aic:vllm-0.24.0",
.rows = 232, .error = 0.06252, .overhead = {0.9233, 1.082}, .memory = {0.9233, 1.16}, .compute = {0.923, 1.13}}},
{.kernel = attention_kernel::fa3, .fixed_us = 13.54, .memory_share = 0.7811, .l2_speedup = 1.163, .l2_share = 0.6815,
.item_us = 4.703, .matmul = 1.531, .combine_us = 0.3807, .split_us = 0.08187, .fit = {.source = "aic:vllm-0.24.0",
.rows = 232, .error = 0.0796, .overhead = {0.8999, 1.092}, .memory = {0.8889, 1.114}, .compute = {0.8824, 1.124}}},
}},
};
// clang-format on
static_assert(is_valid(h100_sxm));

}  // namespace quantroof::measured
