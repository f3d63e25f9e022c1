// SPDX-License-Identifier: Apache-2.0
//
// Layers that are not all alike, in one step: experts, latents, windows, states, an index; and what plans of several devices change. Work and
// bytes against sums made here by hand, with the data sheet's model where times are exact.
#include "quantroof/roofline/layer_step.hpp"

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/roofline/step.hpp"
#include "test_table.hpp"

namespace layer_step_test {

namespace {

using namespace quantroof;
using op = operator_type;

constexpr textbook_model textbook{.scope = step_scope::whole_step};
constexpr calibrated_model calibrated{};
constexpr mixed_precision_config bf16{.name = "bf16",
                                      .default_activation_precision = precision::bf16,
                                      .kv_cache_precision = precision::bf16,
                                      .default_weight_precision = precision::bf16};
constexpr flash_attention_config fa3{.version = flash_attention_version::fa3,
                                     .qkv_precision = precision::bf16,
                                     .kv_cache_precision = precision::bf16};

constexpr model_config with_layer(const layer_shape& l, std::int64_t layers = 1) {
  model_config m{.name = "one", .hidden_size = 1024, .num_layers = layers};
  m.layers.push_back(l);
  return m;
}
constexpr attention_block attention{.num_heads = 16, .num_kv_heads = 4, .head_dim = 64};
constexpr latent_attention latent{
    .num_heads = 16, .q_rank = 256, .kv_rank = 512, .nope_dim = 128, .rope_dim = 64, .v_dim = 128};

const operator_estimate* find(const step_estimate& s, op which) {
  for (const operator_estimate& part : s.operators) {
    if (part.op == which) {
      return &part;
    }
  }
  return nullptr;
}
double time_of(const step_estimate& s, op which) {
  const operator_estimate* part = find(s, which);
  return part == nullptr ? 0 : part->time_us;
}

// ---- pairs of query and key ---------------------------------------------------------------------------------------------------

struct pairs_row {
  std::int64_t tokens;
  std::int64_t past;
  std::int64_t window;
};
constexpr pairs_row pairs[] = {{1, 0, 1},    {10, 0, 10},   {10, 0, 3},   {10, 5, 3},
                               {10, 5, 8},   {10, 5, 15},   {7, 100, 1},  {64, 1000, 128},
                               {100, 0, 64}, {100, 63, 64}, {100, 64, 64}};
constexpr auto is_counted = [](const pairs_row& r) {
  double sum = 0;
  for (std::int64_t i = 1; i <= r.tokens; ++i) {
    sum += static_cast<double>(r.past + i < r.window ? r.past + i : r.window);
  }
  return detail::seen_pairs(r.tokens, r.past, r.window) == sum;
};
static_assert(test::first_failure(pairs, is_counted) == -1);

TEST_CASE("pairs under a window are counted one by one") {
  for (const pairs_row& r : test::at_run_time(pairs)) {
    CAPTURE(r.tokens, r.past, r.window);
    CHECK(is_counted(r));
  }
}

// ---- experts ------------------------------------------------------------------------------------------------------------------

TEST_CASE("experts: those that somebody chose are read, shared ones by all") {
  const model_config m = with_layer(
      {.experts = expert_mixture{.experts = 16, .top_k = 2, .expert_dim = 512, .shared_dim = 256}});
  for (const std::int64_t batch : {1, 4, 64}) {
    CAPTURE(batch);
    const step_estimate s = predict_step(textbook, hw::h100_sxm, m, bf16,
                                         {.seq_len = 100, .batch = batch, .attention = fa3});
    double missed = 1;
    for (std::int64_t i = 0; i < batch; ++i) {
      missed *= 14.0 / 16;
    }
    const double distinct = 16 * (1 - missed);
    const double rows = std::ceil(2.0 * static_cast<double>(batch) / distinct);
    const operator_estimate* up = find(s, op::expert_up);
    REQUIRE(up != nullptr);
    CHECK(up->flops == Approx(distinct * 2 * rows * 1024 * 512));
    CHECK(up->bytes == Approx(distinct * 2 * (rows * 1024 + 1024.0 * 512 + rows * 512)));
    const operator_estimate* shared = find(s, op::shared_down);
    REQUIRE(shared != nullptr);
    CHECK(shared->flops == Approx(2.0 * static_cast<double>(batch) * 1024 * 256));
    CHECK(find(s, op::router) != nullptr);
    CHECK(find(s, op::qk_matmul) == nullptr);
  }
}

TEST_CASE("expert parallel devices read their experts only") {
  const model_config m =
      with_layer({.attention = attention,
                  .experts = expert_mixture{.experts = 64, .top_k = 4, .expert_dim = 2048}});
  const auto step = [&](const parallel_plan& plan) {
    return predict_step(calibrated, hw::h100_sxm, m, bf16,
                        {.seq_len = 1000, .batch = 64, .attention = fa3, .plan = plan});
  };
  const double alone = find(step({}), op::expert_up)->bytes;
  CHECK(find(step({.tensor = 4, .expert = 4}), op::expert_up)->bytes == Approx(alone / 4));
  CHECK(find(step({.tensor = 4}), op::expert_up)->bytes < 0.3 * alone);
  // groups of a batch: tokens are gathered and scattered, attention needs no sum
  const step_estimate groups = step({.tensor = 1, .data = 4, .expert = 4});
  CHECK(find(groups, op::exchange) != nullptr);
  CHECK(find(groups, op::q_proj)->flops == Approx(find(step({}), op::q_proj)->flops / 4));
}

// ---- latent attention ---------------------------------------------------------------------------------------------------------

TEST_CASE("latent attention: one cached row for all heads, read once") {
  const model_config m = with_layer({.latent = latent});
  const step_estimate s = predict_step(textbook, hw::h100_sxm, m, bf16,
                                       {.seq_len = 4096, .batch = 8, .attention = fa3});
  const operator_estimate* a = find(s, op::qk_matmul);
  REQUIRE(a != nullptr);
  CHECK(a->bytes == Approx(8.0 * 4096 * 576 * 2));
  CHECK(a->flops == Approx(2.0 * 8 * 4096 * 16 * (576 + 512)));
  const step_estimate real = predict_step(calibrated, hw::h100_sxm, m, bf16,
                                          {.seq_len = 4096, .batch = 8, .attention = fa3});
  CHECK(time_of(real, op::qk_matmul) > a->time_us);
  CHECK(find(real, op::q_a_proj) != nullptr);
  CHECK(find(real, op::kv_b_proj) != nullptr);

  layer_shape sparse{.latent = latent,
                     .index = token_index{.num_heads = 64, .head_dim = 128, .query_input = 256}};
  sparse.latent->selected = 2048;
  const auto at = [&](std::int64_t tokens) {
    return predict_step(calibrated, hw::h100_sxm, with_layer(sparse), bf16,
                        {.seq_len = tokens, .batch = 8, .attention = fa3});
  };
  CHECK(time_of(at(65536), op::qk_matmul) == time_of(at(2048), op::qk_matmul));
  CHECK(time_of(at(65536), op::index_proj) > time_of(at(2048), op::index_proj));
}

// ---- compressed attention -------------------------------------------------------------------------------------------------------

constexpr compressed_attention heavy{.num_heads = 16,
                                     .head_dim = 512,
                                     .rope_dim = 64,
                                     .q_rank = 256,
                                     .o_groups = 4,
                                     .o_rank = 128,
                                     .window = 128,
                                     .ratio = 128};
constexpr layer_shape sparse_entries = [] {
  layer_shape l{.compressed = heavy,
                .index = token_index{.num_heads = 64, .head_dim = 128, .query_input = 256},
                .streams = 4};
  l.compressed->ratio = 4;
  l.compressed->overlap = true;
  l.compressed->selected = 512;
  return l;
}();

TEST_CASE("compressed attention reads a window and entries, one row for all heads") {
  struct row {
    layer_shape layer;
    std::int64_t context;
    std::int64_t rows;  // that a query reads
  };
  const row rows[] = {
      {{.compressed = heavy}, 100, 100},
      {{.compressed = heavy}, 65536, 128 + 512},
      {sparse_entries, 400, 128 + 100},
      {sparse_entries, 65536, 128 + 512},
  };
  for (const row& r : rows) {
    CAPTURE(r.context, r.rows);
    const model_config m = with_layer(r.layer);
    const step_estimate s = predict_step(textbook, hw::h100_sxm, m, bf16,
                                         {.seq_len = r.context, .batch = 8, .attention = fa3});
    const operator_estimate* a = find(s, op::qk_matmul);
    REQUIRE(a != nullptr);
    CHECK(a->bytes == Approx(8.0 * static_cast<double>(r.rows) * 512 * 2));
    CHECK(a->flops == Approx(4.0 * 8 * static_cast<double>(r.rows) * 16 * 512));
    const operator_estimate* index = find(s, op::index_proj);
    CHECK((index != nullptr) == r.layer.index.has_value());
    const step_estimate real = predict_step(calibrated, hw::h100_sxm, m, bf16,
                                            {.seq_len = r.context, .batch = 8, .attention = fa3});
    CHECK(time_of(real, op::qk_matmul) > a->time_us);
  }
  const auto index_flops = [](std::int64_t context) {
    return find(predict_step(textbook, hw::h100_sxm, with_layer(sparse_entries), bf16,
                             {.seq_len = context, .batch = 8, .attention = fa3}),
                op::index_proj)
        ->flops;
  };
  CHECK(index_flops(65536) - index_flops(32768) == Approx(2.0 * 8 * 8192 * 64 * 128));
}

TEST_CASE("compressed attention: matrices as the model has them") {
  const step_estimate s = predict_step(textbook, hw::h100_sxm, with_layer(sparse_entries), bf16,
                                       {.seq_len = 1000, .batch = 8, .attention = fa3});
  struct row {
    op which;
    double parameters;
  };
  for (const row& r :
       {row{op::q_a_proj, 256 * 1024}, row{op::q_proj, 16 * 512 * 256},
        row{op::kv_a_proj, 512 * 1024}, row{op::o_a_proj, 4 * 128 * 4 * 512},
        row{op::o_proj, 1024 * 4 * 128}, row{op::compressor, (4 * 512 + 4 * 128 + 64) * 1024},
        row{op::stream_mix, 2 * 24 * 4096}}) {
    CAPTURE(to_string(r.which));
    REQUIRE(find(s, r.which) != nullptr);
    CHECK(find(s, r.which)->flops == Approx(2.0 * 8 * r.parameters));
  }
}

TEST_CASE("stages of a pipeline hand over all residual streams") {
  const auto handed = [](std::int64_t streams) {
    layer_shape l = sparse_entries;
    l.streams = streams;
    const step_estimate s = predict_step(
        calibrated, hw::h100_sxm, with_layer(l, 2), bf16,
        {.phase = phase::prefill, .seq_len = 8192, .attention = fa3, .plan = {.pipeline = 2}});
    return find(s, op::exchange)->bytes;
  };
  CHECK(handed(1) > 0);
  CHECK(handed(4) == Approx(4 * handed(1)));
}

TEST_CASE("compressed prefill grows with the window and the entries that it sees") {
  const auto prefill = [](const layer_shape& l, std::int64_t tokens, std::int64_t past) {
    return find(predict_step(
                    textbook, hw::h100_sxm, with_layer(l), bf16,
                    {.phase = phase::prefill, .seq_len = tokens, .attention = fa3, .past = past}),
                op::qk_matmul)
        ->flops;
  };
  const double pair = 4.0 * 16 * 512;
  CHECK(prefill({.compressed = heavy}, 128, 0) == Approx(pair * 128 * (64.5 + 64.5 / 128)));
  CHECK(prefill({.compressed = heavy}, 128, 65536) ==
        Approx(pair * 128 * (128 + (65536 + 64.5) / 128)));
  CHECK(prefill(sparse_entries, 128, 65536) == Approx(pair * 128 * (128 + 512)));
  layer_shape window{.compressed = heavy};
  window.compressed->ratio = 0;
  CHECK(prefill(window, 128, 65536) == Approx(pair * 128 * 128));
}

// The model card: at a million tokens one token takes 27 % of DeepSeek-V3.2's operations (Pro), 10 % (Flash).
TEST_CASE("DeepSeek-V4 computes as little at a million tokens as its card says") {
  const auto flops = [](const model_config& m) {
    double total = 0;
    for (const operator_estimate& part :
         predict_step(textbook, hw::b200_sxm, m, bf16, {.seq_len = 1 << 20, .batch = 1})
             .operators) {
      total += part.flops;
    }
    return total;
  };
  model_config v3_2 = models::deepseek_v3;
  for (layer_shape& l : v3_2.layers) {
    l.latent->selected = 2048;
    l.index = token_index{.num_heads = 64, .head_dim = 128, .query_input = 1536};
  }
  CHECK(flops(models::deepseek_v4_pro) / flops(v3_2) == Approx(0.27).margin(0.03));
  CHECK(flops(models::deepseek_v4_flash) / flops(v3_2) == Approx(0.11).margin(0.03));
}

// ---- windows and states -------------------------------------------------------------------------------------------------------

TEST_CASE("a window ends the growth of attention, in decode and in prefill") {
  attention_block windowed = attention;
  windowed.window = 1024;
  const auto decode = [&](const attention_block& a, std::int64_t tokens) {
    return time_of(predict_step(calibrated, hw::h100_sxm, with_layer({.attention = a}), bf16,
                                {.seq_len = tokens, .batch = 16, .attention = fa3}),
                   op::qk_matmul);
  };
  CHECK(decode(windowed, 512) == decode(attention, 512));
  CHECK(decode(windowed, 1024) == decode(attention, 1024));
  CHECK(decode(windowed, 65536) == decode(attention, 1024));
  const auto prefill = [&](const attention_block& a, std::int64_t tokens) {
    const step_estimate s =
        predict_step(textbook, hw::h100_sxm, with_layer({.attention = a}), bf16,
                     {.phase = phase::prefill, .seq_len = tokens, .attention = fa3});
    return find(s, op::qk_matmul)->flops;
  };
  CHECK(prefill(windowed, 1024) == prefill(attention, 1024));
  // 32,768 queries, about 1,024 keys each and half a tile of 128
  CHECK(prefill(windowed, 32768) == Approx(16.0 * 32768 * (1024 + 64) * 261).epsilon(0.02));
  CHECK(prefill(windowed, 32768) < 0.1 * prefill(attention, 32768));
}

TEST_CASE("a state does not grow with the context") {
  const model_config m = with_layer({.linear = linear_attention{.projected = 4096,
                                                                .inner = 1024,
                                                                .state = 16 * 64 * 128,
                                                                .conv_channels = 2048,
                                                                .conv_width = 4}});
  const auto at = [&](std::int64_t tokens) {
    return predict_step(calibrated, hw::h100_sxm, m, bf16,
                        {.seq_len = tokens, .batch = 8, .attention = fa3});
  };
  CHECK(at(100).time_us == at(100000).time_us);
  REQUIRE(find(at(100), op::linear_state) != nullptr);
  CHECK(find(at(100), op::linear_state)->bytes == Approx(8 * (8.0 * 16 * 64 * 128 + 2 * 5120)));
}

// ---- chunks, mixed steps, plans -------------------------------------------------------------------------------------------------

constexpr step_request prompt(std::int64_t tokens, std::int64_t past = 0) {
  return {.phase = phase::prefill, .seq_len = tokens, .attention = fa3, .past = past};
}

TEST_CASE("chunks of a prompt cost about what the prompt does") {
  const auto time = [](const step_request& r) {
    return predict_step(calibrated, hw::h100_sxm, models::llama3_8b, bf16, r).time_us;
  };
  double chunks = 0;
  for (std::int64_t past = 0; past < 16384; past += 4096) {
    chunks += time(prompt(4096, past));
  }
  const double whole = time(prompt(16384));
  CHECK(chunks > 0.95 * whole);
  CHECK(chunks < 1.25 * whole);
  // attention of the chunks is that of the whole
  const auto flops = [](const step_request& r) {
    return find(predict_step(textbook, hw::h100_sxm, models::llama3_8b, bf16, r), op::qk_matmul)
        ->flops;
  };
  CHECK(flops(prompt(8192)) + flops(prompt(8192, 8192)) == Approx(flops(prompt(16384))));
}

TEST_CASE("decodes beside a prompt read the weights once") {
  step_request mixed = prompt(1024);
  mixed.decodes = 32;
  mixed.decode_len = 2000;
  const auto run = [](const step_request& r) {
    return predict_step(calibrated, hw::h100_sxm, models::llama3_8b, bf16, r);
  };
  const step_estimate both = run(mixed);
  const step_estimate alone = run(prompt(1024));
  const step_estimate decode = run({.seq_len = 2000, .batch = 32, .attention = fa3});
  CHECK(both.time_us < alone.time_us + decode.time_us);
  CHECK(both.time_us > alone.time_us);
  CHECK(find(both, op::qk_matmul)->flops ==
        Approx(find(alone, op::qk_matmul)->flops + find(decode, op::qk_matmul)->flops));
}

TEST_CASE("tensor parallel devices share the work and exchange the sums") {
  const auto run = [](const parallel_plan& plan) {
    return predict_step(calibrated, hw::h100_sxm, models::llama3_70b, bf16,
                        {.seq_len = 4096, .batch = 16, .attention = fa3, .plan = plan});
  };
  const step_estimate one = run({});
  CHECK(find(one, op::exchange) == nullptr);
  double before = one.time_us;
  for (const std::int64_t tensor : {2, 4, 8}) {
    CAPTURE(tensor);
    const step_estimate s = run({.tensor = tensor});
    CHECK(s.time_us < before);
    CHECK(s.time_us > one.time_us / static_cast<double>(tensor));
    CHECK(find(s, op::q_proj)->flops ==
          Approx(find(one, op::q_proj)->flops / static_cast<double>(tensor)));
    CHECK(find(s, op::exchange) != nullptr);
    before = s.time_us;
  }
  // sixteen devices span two nodes; stages only hand over
  CHECK(time_of(run({.tensor = 16}), op::exchange) > 2 * time_of(run({.tensor = 8}), op::exchange));
  const step_estimate stages = run({.pipeline = 4});
  CHECK(stages.time_us > one.time_us);
  CHECK(stages.time_us < 1.05 * one.time_us);
  CHECK_THROWS_WITH(run({.tensor = 6}), test::contains("tensor must divide"));
}

TEST_CASE("the parts of every step add up") {
  layer_shape everything{.attention = attention,
                         .ffn = feed_forward{.ffn_dim = 2048},
                         .experts = expert_mixture{.experts = 8, .top_k = 2, .expert_dim = 512}};
  const model_config m = with_layer(everything, 5);
  for (const parallel_plan& plan : {parallel_plan{}, parallel_plan{.tensor = 2},
                                    parallel_plan{.tensor = 2, .data = 2, .expert = 2}}) {
    const step_estimate s =
        predict_step(calibrated, hw::h100_sxm, m, bf16,
                     {.seq_len = 1000, .batch = 8, .attention = fa3, .plan = plan});
    double sum = s.host_us;
    for (const operator_estimate& part : s.operators) {
      sum += part.time_us;
      CHECK(part.lower_us <= part.time_us);
      CHECK(part.time_us <= part.upper_us);
      CHECK(part.time_us > 0);
    }
    CHECK(sum == Approx(s.time_us));
  }
}

}  // namespace

}  // namespace layer_step_test
