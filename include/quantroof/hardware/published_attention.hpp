// SPDX-License-Identifier: Apache-2.0
//
// FlashAttention 1-4 and cuDNN alone, as `calibrate --published FILE --write-headers` prints them: do not edit, run it again.
// Fitted to published TFLOPS: figures of github.com/Dao-AILab/flash-attention (assets/, issues), arXiv:2307.08691, 2407.08608,
// 2603.05451 and NVIDIA/cudnn-frontend (benchmark/). One set a kernel, all its head sizes, masks and devices together.
#pragma once

#include <array>

#include "quantroof/hardware/calibration.hpp"

namespace quantroof {

/// Constants of the kernels alone, without a serving engine around them.
// clang-format off
inline constexpr std::array<prefill_constants, 5> published_attention{{
{.kernel = attention_kernel::fa1, .matmul = 1.278, .softmax = 0.5345, .wide_head = 1.175, .block_cycles = 4778,
.tail = 0.9908, .write_share = 1, .memory_share = 1, .l2_share = 1, .accumulator_cycles = 0.06707,
.backward_softmax = 6.001, .fit = {.source = "flash-attention assets (FA2 paper): A100, H100", .rows = 48,
.error = 0.05083, .overhead = {0.9282, 1.096}, .memory = {0.9282, 1.096}, .compute = {0.9282, 1.096}}},
{.kernel = attention_kernel::fa2, .matmul = 1.278, .softmax = 0.5345, .wide_head = 1.175, .block_cycles = 4778,
.tail = 0.9908, .write_share = 1, .memory_share = 1, .l2_share = 1, .backward_softmax = 6.001,
.fit = {.source = "flash-attention assets, issue 307: A100, H100", .rows = 94, .error = 0.02993, .overhead = {0.9606,
1.065}, .memory = {0.9606, 1.065}, .compute = {0.9606, 1.065}}},
{.kernel = attention_kernel::fa3, .fixed_us = 29.26, .matmul = 0.9015, .softmax = 0.8743, .block_cycles = 1710,
.tail = 1.178, .write_share = 1, .memory_share = 1, .l2_share = 1, .softmax_alone = 1.495,
.fit = {.source = "flash-attention assets (FA3 paper): H100 SXM", .rows = 36, .error = 0.0271, .overhead = {0.9648,
1.061}, .memory = {0.9648, 1.061}, .compute = {0.9648, 1.061}}},
{.kernel = attention_kernel::fa4, .fixed_us = 24.66, .matmul = 0.9318, .softmax = 0.606, .softmax_fixed = 0.03338,
.block_cycles = 7129, .tail = 0.2965, .write_share = 1, .memory_share = 1, .l2_share = 1,
.fit = {.source = "flash-attention PR 2605, 2280: B200, a 2500 TFLOPS part", .rows = 58, .error = 0.051,
.overhead = {0.9131, 1.085}, .memory = {0.9131, 1.085}, .compute = {0.9131, 1.085}}},
{.kernel = attention_kernel::cudnn, .fixed_us = 7.131, .matmul = 1.071, .softmax = 0.8179, .softmax_fixed = 0.009887,
.block_cycles = 1917, .tail = 0.7114, .write_share = 1, .memory_share = 1, .l2_share = 1,
.fit = {.source = "cudnn-frontend benchmark: GB200, GB300, d 128", .rows = 96, .error = 0.03685, .overhead = {0.961,
1.094}, .memory = {0.961, 1.094}, .compute = {0.961, 1.094}}},
}};
// clang-format on

}  // namespace quantroof
