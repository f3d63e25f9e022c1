// SPDX-License-Identifier: Apache-2.0
//
// The other cases with their rules kept: this compiles, so each of them is refused for its rule alone.
// expect: nothing
#include "quantroof/core.hpp"

using namespace quantroof;
using enum flash_attention_version;

constexpr flash_attention_config fp8{
    .version = fa3, .qkv_precision = precision::fp8_e4m3, .use_native_fp8 = true};
static_assert(flash_attention_roofline<static_hardware<hw::h100_sxm>>{}
                  .predict(1, 32, 1, 4096, 128, fp8)
                  .predicted_time_us > 0);
static_assert(flash_attention_roofline{get_hardware("b200_sxm")}
                  .predict(1, 32, 1, 4096, 128, {.version = fa4})
                  .predicted_time_us > 0);
static_assert(is_supported(hw::b10, {.version = fa1}));
static_assert(is_valid(flash_attention_config{
    .version = fa4, .block_sparse = true, .sparsity_ratio = 0.99}));
static_assert(critical_ai(hw::h100_sxm, precision::fp8_e4m3) > 0);
static_assert(get_hardware("b10").memory_gb_s == 287);
static_assert(is_valid(get_strategy("nvfp4_blackwell")));
static_assert(parameter_count(models::llama3_8b) > 0);
static_assert(integrated_quantization_engine{hw::b10}
                  .recommend(models::llama3_8b, {.phase = phase::decode, .seq_len = 1})
                  .predicted_speedup > 1);
static_assert(is_valid(mixed_precision_config{
    .name = "once", .operator_precisions = {{operator_type::q_proj, precision::fp8_e4m3}}}
                           .with_layers(11, 21, precision::fp8_e4m3)));
static_assert(is_valid(hardware_spec{
    .key = "a_key_of_thirty_two_characters__", .fp16_tflops = 100, .memory_gb_s = 1}));
static_assert(storage_bytes(precision::nvfp4, 1, 16) == 13);
