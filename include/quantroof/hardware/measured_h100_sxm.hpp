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
.sm_count = 132, .clock_mhz = 1830,
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
.moe = {{
{.fixed_us = 27.02, .matrix_share = 0.8471, .memory_share = 0.8721, .token_bytes = 12.17, .skew = 1.791,
.distinct_skew = 0.9596, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.2043, .overhead = {0.8276,
1.945}, .memory = {0.8945, 1.699}, .compute = {0.6646, 1.947}}},
{.fixed_us = 28.91, .matrix_share = 0.7898, .memory_share = 0.844, .token_bytes = 14.49, .skew = 1.525,
.distinct_skew = 0.9597, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.2036, .overhead = {0.8455,
2.006}, .memory = {0.8907, 1.447}, .compute = {0.647, 2.067}}},
{.fixed_us = 31.32, .matrix_share = 0.4148, .memory_share = 0.8957, .token_bytes = 31.9, .skew = 1.329,
.distinct_skew = 0.9412, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 272, .error = 0.1575, .overhead = {0.6739,
1.832}, .memory = {0.8666, 1.334}, .compute = {0.8242, 1.882}}},
{},
{},
{},
{.fixed_us = 78.9, .matrix_share = 0.4617, .memory_share = 1.199, .token_bytes = 146.9, .skew = 2.57,
.distinct_skew = 0.5, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48, .error = 0.351, .overhead = {0.5182,
1.713}, .memory = {0.5182, 1.713}, .compute = {0.4926, 1.961}}},
}},
.mla_prefill = {{
{.kernel = attention_kernel::fa3, .fixed_us = 9.639, .matmul = 1.129, .softmax = 0.8, .block_cycles = 34.77,
.tail = 0.5, .token_us = 2.754e-05, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.1222, .overhead = {0.7906, 1.096},
.memory = {0.7906, 1.096}, .compute = {0.8585, 1.089}}},
{.kernel = attention_kernel::fa3, .fixed_us = 15.5, .matmul = 1.964, .softmax = 0.8, .block_cycles = 5345,
.tail = 0.5, .token_us = 0.00103, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.05672, .overhead = {0.9759, 1.053},
.memory = {0.9759, 1.053}, .compute = {0.9759, 1.053}}},
}},
.mla_decode = {{
{.fixed_us = 17.68, .memory_share = 1.021, .matrix_share = 0.8519, .l2_speedup = 7.21, .l2_share = 0.1356,
.item_us = 11.48, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.09784, .overhead = {0.7757,
1.183}, .memory = {0.9627, 1.115}, .compute = {0.8322, 1.18}}},
{.fixed_us = 17.44, .memory_share = 1.195, .matrix_share = 0.3978, .l2_speedup = 3.419, .l2_share = 0.0653,
.item_us = 1.129, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.1154, .overhead = {0.7815, 1.198},
.memory = {0.8352, 1.184}, .compute = {0.8823, 1.155}}},
}},
.elementwise = {{
{.fixed_us = 1.392, .gelem_s = 12.5, .memory_share = 0.9144, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48,
.error = 0.04146, .overhead = {0.9714, 1.023}, .memory = {0.975, 1.105}, .compute = {0.975, 1.105}}},
}},
.collectives = {{
{.latency_us = 2.599, .latency_per_device_us = 0.05135, .bandwidth_gb_s = 317.2, .growth = 0.2262, .ramp_us = 2.38,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 36, .error = 0.1284, .overhead = {0.7835, 1.194},
.memory = {0.7835, 1.194}, .compute = {0.7835, 1.194}}},
{.latency_us = 6.191, .latency_per_device_us = 0.6587, .bandwidth_gb_s = 261.1, .growth = 0.376, .ramp_us = 2.534,
.fit = {.source = "aic:nccl-2.27.3", .rows = 132, .error = 0.1202, .overhead = {0.809, 1.401}, .memory = {0.8826,
1.239}, .compute = {0.8403, 1.299}}},
}},
};
// clang-format on
static_assert(is_valid(h100_sxm));

}  // namespace quantroof::measured
