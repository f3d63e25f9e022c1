// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration gb200{.device = "gb200", .arch = architecture::blackwell, .date = "2026-11-24",
.sm_count = 152, .clock_mhz = 2008,
.gemm = {{
{.tiles = {{64, 64}, {128, 64}, {128, 128}}, .split = split_k::fills_device, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.6921, .memory_share = 0.8202, .fixed_us = 2.271, .feed_bytes_per_clock = 118.8,
.soft_waves = 0.9648, .epilogue_gb_s = 252, .correction = {0.008, 0.0286, -0.0419, 0.0173, 0.0085, -0.0298, -0.0031,
0.0181}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.07399, .overhead = {0.8762, 1.485},
.memory = {0.8939, 1.119}, .compute = {0.9018, 1.166}}},
{.tiles = {{64, 64}, {64, 256, 0.5, 1}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.7969, .memory_share = 0.8474, .fixed_us = 13.8, .feed_bytes_per_clock = 97.57,
.soft_waves = 0.4697, .epilogue_gb_s = 188.3, .quantize_gelem_s = 5.273, .correction = {-0.0109, -0.0133, -0.0222,
0.0314, 0.0245, -0.0084, 0.0036, 0.0098}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.04497,
.overhead = {0.9426, 1.086}, .memory = {0.9263, 1.088}, .compute = {0.9175, 1.086}}},
{.tiles = {{16, 128, 0.5, 1}, {64, 256, 0.25, 1}, {64, 128}, {128, 256}}, .split = split_k::never, .l2_share = 0.61,
.clock_loss = 0.08, .matrix_share = 0.7007, .memory_share = 0.8584, .fixed_us = 5.497, .feed_bytes_per_clock = 89.03,
.soft_waves = 0.8278, .epilogue_gb_s = 83.95, .quantize_gelem_s = 12.16, .correction = {-0.0318, -0.0022, 0.0313,
0.0378, 0.006, -0.0207, 0.001, 0.0022}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.03626,
.overhead = {0.9421, 1.089}, .memory = {0.962, 1.064}, .compute = {0.9362, 1.057}}},
{.tiles = {{128, 128, 1, 0.5}, {128, 256, 0.5, 0.5}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.5569, .memory_share = 0.794, .fixed_us = 6.104, .feed_bytes_per_clock = 32.01,
.soft_waves = 0.02061, .epilogue_gb_s = 42.41, .quantize_gelem_s = 9.636, .correction = {0.0016, 0.0185, -0.0055,
-0.0117, -0.0017, -0.0062, 0.0113, -0.0052}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.02406,
.overhead = {0.9706, 1.035}, .memory = {0.9639, 1.042}, .compute = {0.9622, 1.034}}},
{},
{},
{},
}},
.prefill = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 7.617, .matmul = 0.96, .softmax = 0.8478, .softmax_fixed = 0.02,
.wide_head = 1.322, .block_cycles = 6238, .tail = 0.7045, .token_us = 0.0001832, .write_share = 0.8711,
.memory_share = 0.6979, .l2_speedup = 1.583, .l2_share = 0.8676, .clock_loss = 0.5933,
.fit = {.source = "aic:sglang-0.5.14", .rows = 207, .error = 0.03656, .overhead = {0.9394, 1.076}, .memory = {0.9394,
1.076}, .compute = {0.9449, 1.072}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 14.47, .matmul = 1.308, .softmax = 0.7858, .softmax_fixed = 0.02,
.wide_head = 1.34, .block_cycles = 4824, .tail = 0.6769, .token_us = 0.0009106, .write_share = 0.9384,
.memory_share = 0.79, .l2_speedup = 1.172, .l2_share = 2.004, .quantize_bytes = 9.239, .clock_loss = 0.09862,
.fit = {.source = "aic:sglang-0.5.14", .rows = 207, .error = 0.03034, .overhead = {0.9177, 1.035}, .memory = {0.9463,
1.043}, .compute = {0.9691, 1.052}}},
}},
.decode = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 10.1, .memory_share = 0.9416, .l2_speedup = 6.973,
.l2_share = 0.5731, .item_us = 1.241, .matmul = 0.8621, .combine_us = 0.04266, .split_us = 0.1243,
.head_us = 0.02628, .fit = {.source = "aic:sglang-0.5.14", .rows = 258, .error = 0.05911, .overhead = {0.8543,
1.146}, .memory = {0.9666, 1.031}, .compute = {0.9058, 1.126}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 15.92, .memory_share = 0.9118, .l2_speedup = 5.953,
.l2_share = 0.5361, .item_us = 0.9717, .matmul = 2.64, .combine_us = 0.17, .split_us = 0.1292, .head_us = 0.04844,
.fit = {.source = "aic:sglang-0.5.14", .rows = 258, .error = 0.04143, .overhead = {0.8995, 1.064}, .memory = {0.9737,
1.051}, .compute = {0.9221, 1.062}}},
}},
.moe = {{
{.fixed_us = 31.17, .matrix_share = 0.8667, .memory_share = 0.8741, .token_bytes = 20.46, .skew = 1.582,
.distinct_skew = 0.9485, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.162, .overhead = {0.6991,
2.031}, .memory = {0.9089, 1.33}, .compute = {0.7092, 2.431}}},
{.fixed_us = 32.17, .matrix_share = 0.7787, .memory_share = 0.8431, .token_bytes = 26.7, .skew = 1.532,
.distinct_skew = 0.8889, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.1876, .overhead = {0.7536,
1.578}, .memory = {0.869, 1.371}, .compute = {0.7078, 2.638}}},
{.fixed_us = 43.34, .matrix_share = 0.6319, .memory_share = 0.7497, .token_bytes = 18.77, .skew = 1.432,
.distinct_skew = 0.9014, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 272, .error = 0.178, .overhead = {0.6779,
1.53}, .memory = {0.8608, 1.427}, .compute = {0.8143, 2.111}}},
{.fixed_us = 50.13, .matrix_share = 0.5207, .memory_share = 0.8268, .token_bytes = 30.87, .skew = 1.391,
.distinct_skew = 0.8905, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 288, .error = 0.2516, .overhead = {0.6384,
1.637}, .memory = {0.8551, 1.782}, .compute = {0.6592, 1.971}}},
{.fixed_us = 45.39, .matrix_share = 0.1603, .memory_share = 0.2225, .token_bytes = 62.73, .skew = 2.377,
.distinct_skew = 0.6722, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 64, .error = 0.167, .overhead = {0.762,
1.149}, .memory = {0.762, 1.149}, .compute = {0.5701, 1.221}}},
{.fixed_us = 19.93, .matrix_share = 0.5171, .memory_share = 1.18, .token_bytes = 5.085, .skew = 1.451,
.distinct_skew = 0.9953, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 288, .error = 0.3172, .overhead = {0.7201,
1.752}, .memory = {0.6788, 1.547}, .compute = {0.6121, 4.262}}},
{.fixed_us = 20.27, .matrix_share = 0.9345, .memory_share = 0.824, .token_bytes = 48.58, .skew = 2.008,
.distinct_skew = 0.9073, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 64, .error = 0.1726, .overhead = {0.7977,
1.551}, .memory = {0.8054, 1.303}, .compute = {0.7977, 1.551}}},
}},
.mla_prefill = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 7.28, .matmul = 1.382, .softmax = 0.8, .block_cycles = 1.629e+04,
.tail = 0.5, .token_us = 0.0004368, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .clock_loss = 0.3525,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.04229, .overhead = {0.9236, 1.061},
.memory = {0.9236, 1.061}, .compute = {0.9236, 1.061}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 15.07, .matmul = 1.788, .softmax = 0.8, .block_cycles = 1.728e+04,
.tail = 0.5, .token_us = 0.0003146, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .quantize_bytes = 3,
.clock_loss = 0.1688, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.04085, .overhead = {0.9637,
1.08}, .memory = {0.9637, 1.08}, .compute = {0.976, 1.083}}},
}},
.mla_decode = {{
{.part_keys = 512, .fixed_us = 11.68, .memory_share = 0.7451, .matrix_share = 1.187, .l2_speedup = 1.321,
.l2_share = 0.6749, .item_us = 6.748, .split_us = 0.1555, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80,
.error = 0.1136, .overhead = {0.8118, 1.449}, .memory = {0.9057, 1.123}, .compute = {0.8295, 1.207}}},
{.part_keys = 512, .fixed_us = 11.06, .memory_share = 0.912, .matrix_share = 0.7853, .l2_speedup = 1.663,
.l2_share = 0.03776, .item_us = 12.2, .split_us = 0.2034, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80,
.error = 0.1143, .overhead = {0.7792, 1.258}, .memory = {0.8099, 1.213}, .compute = {0.8099, 1.213}}},
}},
.elementwise = {{
{.fixed_us = 2.021, .gelem_s = 12, .memory_share = 0.6102, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48,
.error = 0.04994, .overhead = {0.9366, 1.063}, .memory = {0.9384, 1.095}, .compute = {0.9384, 1.095}}},
}},
.collectives = {{
{.latency_us = 3.773, .latency_per_device_us = 0.4305, .bandwidth_gb_s = 525.3, .growth = 0.1827, .ramp_us = 0.8751,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 24, .error = 0.1058, .overhead = {0.8114, 1.222},
.memory = {0.8114, 1.222}, .compute = {0.8114, 1.222}}},
{.latency_us = 9.815, .latency_per_device_us = 0.8651, .bandwidth_gb_s = 449.9, .growth = 0.6854, .ramp_us = 2.59,
.fit = {.source = "aic:nccl-2.23", .rows = 88, .error = 0.1212, .overhead = {0.8858, 1.391}, .memory = {0.791, 1.35},
.compute = {0.8707, 1.366}}},
}},
};
// clang-format on
static_assert(is_valid(gb200));

}  // namespace quantroof::measured
