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
.matrix_share = 0.6927, .memory_share = 0.8183, .fixed_us = 2.273, .feed_bytes_per_clock = 119.1,
.soft_waves = 0.9647, .epilogue_gb_s = 243.7, .correction = {0.0197, 0.0305, -0.0395, 0.0067, 0.0149, -0.0119,
-0.0107, 0.0186}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.07391, .overhead = {0.8791,
1.48}, .memory = {0.9048, 1.12}, .compute = {0.8981, 1.206}}},
{.tiles = {{64, 64}, {64, 256, 0.5, 1}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.8012, .memory_share = 0.845, .fixed_us = 13.8, .feed_bytes_per_clock = 97.7, .soft_waves = 0.4689,
.epilogue_gb_s = 190.9, .quantize_gelem_s = 5.268, .correction = {-0.0118, -0.0172, -0.0173, 0.0195, 0.0387, 0.0034,
-0.0078, 0.0029}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.04422, .overhead = {0.9438,
1.083}, .memory = {0.9249, 1.101}, .compute = {0.9207, 1.087}}},
{.tiles = {{16, 128, 0.5, 1}, {64, 256, 0.25, 1}, {64, 128}, {128, 256}}, .split = split_k::never, .l2_share = 0.61,
.clock_loss = 0.08, .matrix_share = 0.7006, .memory_share = 0.8587, .fixed_us = 5.506, .feed_bytes_per_clock = 88.87,
.soft_waves = 0.8272, .epilogue_gb_s = 84.06, .quantize_gelem_s = 12.2, .correction = {-0.0498, -0.0092, 0.0301,
0.0274, 0.0074, -0.0151, -0.0044, 0.007}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.03545,
.overhead = {0.9443, 1.089}, .memory = {0.9598, 1.064}, .compute = {0.9353, 1.054}}},
{.tiles = {{128, 128, 1, 0.5}, {128, 256, 0.5, 0.5}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.8012, .memory_share = 0.7899, .fixed_us = 5.977, .feed_bytes_per_clock = 31.44,
.soft_waves = 0.01513, .epilogue_gb_s = 35.49, .quantize_gelem_s = 9.166, .correction = {0.0076, 0.0184, 0.0011,
-0.0239, 0.0007, 0.0054, -0.0146, 0.0278}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.02538,
.overhead = {0.9678, 1.043}, .memory = {0.9621, 1.044}, .compute = {0.9603, 1.038}}},
{},
{},
{},
}},
.prefill = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 7.516, .matmul = 0.9118, .softmax = 0.9413, .softmax_fixed = 0.02,
.wide_head = 1.489, .block_cycles = 6230, .tail = 0.6462, .token_us = 0.0001718, .write_share = 0.8767,
.memory_share = 0.7052, .l2_speedup = 1.572, .l2_share = 0.7315, .fit = {.source = "aic:sglang-0.5.14", .rows = 207,
.error = 0.04306, .overhead = {0.9511, 1.126}, .memory = {0.9511, 1.126}, .compute = {0.9561, 1.13}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 13.05, .matmul = 1.987, .softmax = 0.5789, .softmax_fixed = 0.02,
.wide_head = 1.037, .block_cycles = 9407, .tail = 0.5804, .token_us = 0.001012, .write_share = 0.7111,
.memory_share = 0.7052, .l2_speedup = 4.871, .l2_share = 0.09456, .fit = {.source = "aic:sglang-0.5.14", .rows = 207,
.error = 0.04608, .overhead = {0.871, 1.083}, .memory = {0.9077, 1.067}, .compute = {0.919, 1.065}}},
}},
.decode = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 10.08, .memory_share = 0.9523, .l2_speedup = 17.34,
.l2_share = 0.5673, .item_us = 1.273, .matmul = 3.225, .combine_us = 0.03889, .split_us = 0.1204,
.fit = {.source = "aic:sglang-0.5.14", .rows = 258, .error = 0.06153, .overhead = {0.8687, 1.144}, .memory = {0.9665,
1.031}, .compute = {0.9009, 1.118}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 16.22, .memory_share = 0.9323, .l2_speedup = 10.37,
.l2_share = 0.5417, .item_us = 1.019, .matmul = 4.727, .combine_us = 0.1201, .split_us = 0.1426,
.fit = {.source = "aic:sglang-0.5.14", .rows = 258, .error = 0.04794, .overhead = {0.9151, 1.09}, .memory = {0.9767,
1.059}, .compute = {0.9268, 1.084}}},
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
{},
{},
{.fixed_us = 45.39, .matrix_share = 0.1603, .memory_share = 0.2225, .token_bytes = 62.73, .skew = 2.377,
.distinct_skew = 0.6722, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 64, .error = 0.167, .overhead = {0.762,
1.149}, .memory = {0.762, 1.149}, .compute = {0.5701, 1.221}}},
}},
.mla_prefill = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 11.99, .matmul = 1.471, .softmax = 0.8, .block_cycles = 1354,
.tail = 0.5, .token_us = 7.83e-05, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.06105, .overhead = {0.9157, 1.128},
.memory = {0.9157, 1.128}, .compute = {0.9166, 1.118}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 14.73, .matmul = 1.912, .softmax = 0.8, .block_cycles = 1.704e+04,
.tail = 0.5, .token_us = 0.0005344, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.04253, .overhead = {0.9557, 1.092},
.memory = {0.9557, 1.092}, .compute = {0.9658, 1.093}}},
}},
.mla_decode = {{
{.fixed_us = 13.28, .memory_share = 0.7452, .matrix_share = 1.169, .l2_speedup = 1.02, .l2_share = 0.6456,
.item_us = 18.72, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.1386, .overhead = {0.7416, 1.553},
.memory = {0.9336, 1.124}, .compute = {0.794, 1.354}}},
{.fixed_us = 14.68, .memory_share = 0.9549, .matrix_share = 0.6945, .l2_speedup = 4.711, .l2_share = 0.03648,
.item_us = 15.42, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.1442, .overhead = {0.7001, 1.517},
.memory = {0.7856, 1.323}, .compute = {0.7856, 1.323}}},
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
