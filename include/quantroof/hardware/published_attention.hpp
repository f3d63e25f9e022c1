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
{.kernel = attention_kernel::fa1, .matmul = 1.331, .softmax = 0.4213, .wide_head = 1.17, .block_cycles = 4982,
.tail = 0.8302, .write_share = 1, .memory_share = 1, .l2_share = 1, .accumulator_cycles = 0.06967,
.backward_softmax = 6.961, .fit = {.source = "flash-attention assets (FA2 paper): A100, H100", .rows = 48,
.error = 0.04987, .overhead = {0.9073, 1.085}, .memory = {0.9073, 1.085}, .compute = {0.9073, 1.085}}},
{.kernel = attention_kernel::fa2, .matmul = 1.331, .softmax = 0.4213, .wide_head = 1.17, .block_cycles = 4982,
.tail = 0.8302, .write_share = 1, .memory_share = 1, .l2_share = 1, .backward_softmax = 6.961,
.fit = {.source = "flash-attention assets, issue 307: A100, H100", .rows = 94, .error = 0.02936, .overhead = {0.9686,
1.071}, .memory = {0.9686, 1.071}, .compute = {0.9686, 1.071}}},
{.kernel = attention_kernel::fa3, .fixed_us = 28.98, .matmul = 1.018, .softmax = 0.8186, .block_cycles = 1456,
.tail = 0.8183, .write_share = 1, .memory_share = 1, .l2_share = 1, .softmax_alone = 1.282,
.fit = {.source = "flash-attention assets (FA3 paper): H100 SXM", .rows = 36, .error = 0.02965, .overhead = {0.9595,
1.069}, .memory = {0.9595, 1.069}, .compute = {0.9595, 1.069}}},
{.kernel = attention_kernel::fa4, .fixed_us = 23.19, .matmul = 0.9072, .softmax = 0.5996, .softmax_fixed = 0.03323,
.block_cycles = 7203, .tail = 0.4566, .write_share = 1, .memory_share = 1, .l2_share = 1,
.fit = {.source = "flash-attention PR 2605, 2280: B200, a 2500 TFLOPS part", .rows = 58, .error = 0.05154,
.overhead = {0.9181, 1.088}, .memory = {0.9181, 1.088}, .compute = {0.9181, 1.088}}},
{.kernel = attention_kernel::cudnn, .fixed_us = 6.889, .matmul = 1.073, .softmax = 0.7982, .softmax_fixed = 0.0116,
.block_cycles = 924, .tail = 0.9407, .write_share = 1, .memory_share = 1, .l2_share = 1,
.fit = {.source = "cudnn-frontend benchmark: GB200, GB300, d 128", .rows = 96, .error = 0.03489, .overhead = {0.9683,
1.097}, .memory = {0.9683, 1.097}, .compute = {0.9683, 1.097}}},
}};
// clang-format on

}  // namespace quantroof
