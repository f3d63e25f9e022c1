// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration b200_sxm{.device = "b200_sxm", .arch = architecture::blackwell,
.date = "2026-11-24",
.sm_count = 148, .clock_mhz = 1856,
.gemm = {{
{.tiles = {{64, 64}, {128, 64}, {128, 128}}, .split = split_k::fills_device, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.7369, .memory_share = 0.794, .fixed_us = 2.207, .feed_bytes_per_clock = 113.2,
.soft_waves = 0.9529, .epilogue_gb_s = 155.8, .correction = {0.0455, -0.0137, -0.0203, 0.0467, -0.0088, -0.0683,
0.013, 0.0154}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.06694, .overhead = {0.7815, 1.413},
.memory = {0.9156, 1.101}, .compute = {0.9065, 1.163}}},
{.tiles = {{64, 64}, {64, 256, 0.5, 1}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.7981, .memory_share = 0.7985, .fixed_us = 14.3, .feed_bytes_per_clock = 104, .soft_waves = 0.6377,
.epilogue_gb_s = 201.1, .quantize_gelem_s = 5.384, .correction = {-0.0183, -0.0118, -0.0218, 0.0449, 0.0276, -0.0087,
-0.0015, 0.0023}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.04273, .overhead = {0.9431,
1.095}, .memory = {0.927, 1.088}, .compute = {0.9325, 1.098}}},
{.tiles = {{16, 128, 0.5, 1}, {64, 256, 0.25, 1}, {64, 128}, {128, 256}}, .split = split_k::never, .l2_share = 0.61,
.clock_loss = 0.08, .matrix_share = 0.7151, .memory_share = 0.8055, .fixed_us = 5.902, .feed_bytes_per_clock = 96.69,
.soft_waves = 0.905, .epilogue_gb_s = 106.6, .quantize_gelem_s = 12.62, .correction = {-0.0345, -0.0008, 0.0334,
0.0328, 0.0066, -0.0257, -0.0075, 0.0135}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.03642,
.overhead = {0.9463, 1.088}, .memory = {0.9502, 1.064}, .compute = {0.9419, 1.052}}},
{.tiles = {{128, 128, 1, 0.5}, {128, 256, 0.5, 0.5}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.5792, .memory_share = 0.8142, .fixed_us = 6.402, .feed_bytes_per_clock = 32.23,
.soft_waves = 0.06704, .epilogue_gb_s = 40.86, .quantize_gelem_s = 9.571, .correction = {-0.0039, 0.0248, -0.0055,
-0.013, -0.0047, -0.0171, 0.008, -0.0018}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.02685,
.overhead = {0.969, 1.038}, .memory = {0.9623, 1.043}, .compute = {0.9616, 1.037}}},
{},
{},
{},
}},
.prefill = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 6.35, .matmul = 0.9689, .softmax = 0.8263, .softmax_fixed = 0.02,
.wide_head = 1.302, .block_cycles = 6235, .tail = 0.6445, .token_us = 8.809e-05, .write_share = 0.8269,
.memory_share = 0.6919, .l2_speedup = 6.026, .l2_share = 0.05284, .clock_loss = 0.424,
.fit = {.source = "aic:sglang-0.5.14", .rows = 236, .error = 0.03713, .overhead = {0.9457, 1.073}, .memory = {0.9457,
1.073}, .compute = {0.9458, 1.054}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 15.14, .matmul = 1.574, .softmax = 0.7277, .softmax_fixed = 0.02,
.wide_head = 1.154, .block_cycles = 3685, .tail = 0.6587, .token_us = 0.0005776, .write_share = 0.9058,
.memory_share = 0.7139, .l2_speedup = 1.294, .l2_share = 1.262, .quantize_bytes = 10.09, .clock_loss = 0.1274,
.fit = {.source = "aic:sglang-0.5.14", .rows = 236, .error = 0.04423, .overhead = {0.9309, 1.084}, .memory = {0.9409,
1.089}, .compute = {0.9511, 1.103}}},
}},
.decode = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 9.094, .memory_share = 0.9097, .l2_speedup = 4.425,
.l2_share = 0.5691, .item_us = 1.181, .matmul = 2.333, .combine_us = 0.157, .split_us = 0.1527, .head_us = 0.02656,
.fit = {.source = "aic:sglang-0.5.14", .rows = 296, .error = 0.05911, .overhead = {0.8813, 1.126}, .memory = {0.962,
1.044}, .compute = {0.8902, 1.115}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 15.93, .memory_share = 0.8805, .l2_speedup = 3.501,
.l2_share = 0.5564, .item_us = 0.9778, .matmul = 4.43, .combine_us = 0.2364, .split_us = 0.1209, .head_us = 0.03511,
.fit = {.source = "aic:sglang-0.5.14", .rows = 296, .error = 0.05357, .overhead = {0.8918, 1.106}, .memory = {0.9463,
1.083}, .compute = {0.8967, 1.099}}},
}},
.moe = {{
{.fixed_us = 32.03, .matrix_share = 0.8041, .memory_share = 0.8328, .token_bytes = 18.89, .skew = 1.441,
.distinct_skew = 0.9552, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.2105, .overhead = {0.5482,
1.926}, .memory = {0.903, 1.548}, .compute = {0.7193, 2.622}}},
{.fixed_us = 32.82, .matrix_share = 0.7603, .memory_share = 0.8042, .token_bytes = 25.16, .skew = 2.011,
.distinct_skew = 0.8767, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.241, .overhead = {0.7206,
1.546}, .memory = {0.8491, 1.915}, .compute = {0.5493, 2.728}}},
{.fixed_us = 42.62, .matrix_share = 0.6686, .memory_share = 0.7025, .token_bytes = 19.24, .skew = 1.528,
.distinct_skew = 0.8767, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 272, .error = 0.169, .overhead = {0.7171,
1.53}, .memory = {0.8618, 1.405}, .compute = {0.8116, 2.016}}},
{.fixed_us = 51.6, .matrix_share = 0.3809, .memory_share = 0.4161, .token_bytes = 27.78, .skew = 1.592,
.distinct_skew = 0.9781, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 288, .error = 0.2311, .overhead = {0.6088,
1.346}, .memory = {0.6038, 1.377}, .compute = {0.6857, 1.904}}},
{.fixed_us = 44.34, .matrix_share = 0.1568, .memory_share = 0.1912, .token_bytes = 49.09, .skew = 2.397,
.distinct_skew = 0.6688, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 64, .error = 0.1733, .overhead = {0.774,
1.276}, .memory = {0.774, 1.276}, .compute = {0.5589, 1.322}}},
{.fixed_us = 21.83, .matrix_share = 0.552, .memory_share = 1.18, .token_bytes = 5.046, .skew = 1.502,
.distinct_skew = 0.9953, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 288, .error = 0.3107, .overhead = {0.7258,
1.589}, .memory = {0.7046, 1.503}, .compute = {0.6263, 4.032}}},
{.fixed_us = 19.92, .matrix_share = 0.425, .memory_share = 0.7873, .token_bytes = 31.75, .skew = 1.623,
.distinct_skew = 0.9224, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 64, .error = 0.207, .overhead = {0.7909,
1.474}, .memory = {0.8245, 1.466}, .compute = {0.7909, 1.474}}},
}},
.mla_prefill = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 7.394, .matmul = 1.286, .softmax = 0.8, .block_cycles = 1.583e+04,
.tail = 0.5, .token_us = 0.0001664, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .clock_loss = 0.3751,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.02911, .overhead = {0.9538, 1.052},
.memory = {0.9538, 1.052}, .compute = {0.9538, 1.052}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 9.502, .matmul = 1.748, .softmax = 0.8, .block_cycles = 1.77e+04,
.tail = 0.5, .token_us = 0.0003706, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .quantize_bytes = 3,
.clock_loss = 0.2746, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.03826, .overhead = {0.9507,
1.059}, .memory = {0.9507, 1.059}, .compute = {0.9682, 1.065}}},
}},
.mla_decode = {{
{.part_keys = 512, .fixed_us = 10.09, .memory_share = 0.7176, .matrix_share = 1.183, .l2_speedup = 1.415,
.l2_share = 0.03038, .item_us = 7.667, .split_us = 0.1451, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80,
.error = 0.1154, .overhead = {0.8393, 1.538}, .memory = {0.8862, 1.136}, .compute = {0.8585, 1.246}}},
{.part_keys = 512, .fixed_us = 10.07, .memory_share = 0.8876, .matrix_share = 0.8088, .l2_speedup = 1.665,
.l2_share = 0.03822, .item_us = 12.67, .split_us = 0.2093, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80,
.error = 0.1274, .overhead = {0.7887, 1.355}, .memory = {0.8188, 1.284}, .compute = {0.8188, 1.284}}},
}},
.elementwise = {{
{.fixed_us = 1.977, .gelem_s = 11.34, .memory_share = 0.5666, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48,
.error = 0.06231, .overhead = {0.8953, 1.087}, .memory = {0.8981, 1.102}, .compute = {0.8981, 1.102}}},
}},
.collectives = {{
{.latency_us = 4.554, .latency_per_device_us = 0.05694, .bandwidth_gb_s = 550.4, .growth = 0.2795, .ramp_us = 2.259,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 36, .error = 0.1489, .overhead = {0.7106, 1.207},
.memory = {0.7106, 1.207}, .compute = {0.7106, 1.207}}},
{.latency_us = 9.012, .latency_per_device_us = 1.074, .bandwidth_gb_s = 476.4, .growth = 0.4345, .ramp_us = 2.45,
.fit = {.source = "aic:nccl-2.27.3", .rows = 132, .error = 0.1531, .overhead = {0.8608, 1.339}, .memory = {0.7986,
1.421}, .compute = {0.8253, 1.417}}},
}},
};
// clang-format on
static_assert(is_valid(b200_sxm));

}  // namespace quantroof::measured
