// SPDX-License-Identifier: Apache-2.0
//
// JSON hooks of every type: what is written reads back as the same value, and what is wrong is refused by its place.
#include "quantroof/io/json.hpp"

#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catch.hpp"
#include "hf_snippets.hpp"
#include "quantroof/core.hpp"
#include "quantroof/io/hf_config.hpp"
#include "test_table.hpp"

namespace json_test {

namespace {

using namespace quantroof;

/// What a text says after having been read as a T and written again; equality is T's own.
template <class Json, class T>
T through(const T& value) {
  const Json json = value;
  return Json::parse(json.dump()).template get<T>();
}
template <class T>
bool round_trips(const T& value) {
  return through<nlohmann::json>(value) == value && through<nlohmann::ordered_json>(value) == value;
}

// ---- Round trips ---------------------------------------------------------------------------------------------------------------

TEST_CASE("every known device survives JSON") {
  for (const hardware_spec* device : list_hardware()) {
    CAPTURE(std::string{device->key.view()});
    CHECK(round_trips(*device));
  }
}

TEST_CASE("unknown, absent and known peaks stay apart") {
  CHECK(nlohmann::json(peak_rate::unknown()).is_null());
  CHECK(nlohmann::json(peak_rate::no_unit()) == "none");
  CHECK(nlohmann::json(peak_rate{989.5}) == 989.5);
  for (const peak_rate rate : {peak_rate::unknown(), peak_rate::no_unit(), peak_rate{0.1}}) {
    CHECK(round_trips(rate));
  }
}

TEST_CASE("every strategy and preset survives JSON") {
  for (const strategy_entry& entry : list_strategies()) {
    for (const std::int64_t layers : {1, 32, 127}) {
      CAPTURE(std::string{entry.name}, layers);
      CHECK(round_trips(entry.create(layers)));
    }
  }
  for (const model_config& m : models::all) {
    CAPTURE(std::string{m.name.view()});
    CHECK(round_trips(m));
  }
  model_config no_vocabulary = models::llama3_8b;
  no_vocabulary.vocab_size.reset();
  CHECK(round_trips(no_vocabulary));
  CHECK(round_trips(create_fp16_baseline()
                        .with(operator_type::kv_cache, precision::nvfp4_kv)
                        .with_layers(3, 5, precision::mxfp4, {operator_type::lm_head})
                        .with_activation(precision::mxfp4, precision::mxfp8_e4m3)));
  CHECK(
      round_trips(create_fp16_baseline().with_cache({precision::gguf_q8_0, precision::gguf_q4_0})));
}

TEST_CASE("models of every family survive JSON") {
  for (const test::hf_snippet& s : test::hf_snippets()) {
    CAPTURE(s.name);
    const model_config m = io::model_from_hf_config(io::parse_json(s.json));
    CHECK(round_trips(m));
    const nlohmann::json json = m;
    CHECK(json.contains("layers") == lists_layers(m));
    CHECK(json.contains("num_heads") == !lists_layers(m));
    CHECK(parameter_count(json.get<model_config>()) == s.parameters);
  }
}

TEST_CASE("recommendations of every device survive JSON") {
  for (const hardware_spec* device : list_hardware()) {
    const integrated_quantization_engine engine{*device};
    for (const scenario& s : {scenario{.phase = phase::decode, .seq_len = 4096},
                              scenario{.phase = phase::decode,
                              .seq_len = 32768,
                              .batch = 7,
                              .enable_dynamic = false,
                              .enable_adaptive = true},
                              scenario{.phase = phase::prefill, .seq_len = 2048}}) {
      CAPTURE(std::string{device->key.view()}, s.seq_len);
      CHECK(round_trips(s));
      CHECK(round_trips(engine.recommend(models::llama3_8b, s)));
    }
  }
}

TEST_CASE("predictions survive JSON") {
  constexpr attention_shape shape{.num_heads = 32,
                                  .num_kv_heads = 8,
                                  .seq_len_q = 128,
                                  .seq_len_kv = 4096,
                                  .head_dim = 128,
                                  .causal = true};
  CHECK(round_trips(shape));
  CHECK(round_trips(gemm_shape{1, 14336, 4096}));
  CHECK(round_trips(work{.flops = 1e18, .bytes = 3}));
  CHECK(round_trips(roofline(work{.flops = 1e12, .bytes = 1e6}, 100, 1000)));
  CHECK(round_trips(compare_attention_memory(shape)));
  CHECK(round_trips(compare_fa_versions(1, 32, 4096, 128)));
  CHECK(round_trips(fa_comparison{}));
  const step_request request{.seq_len = 4096,
                             .attention = best_config(hw::b10, flash_attention_version::fa3)};
  const step_estimate step =
      predict_step(textbook_model{}, hw::b10, models::llama3_8b, create_nvfp4_blackwell(), request);
  CHECK(round_trips(step));
  const nlohmann::json json = request;
  const auto back = json.get<step_request>();
  CHECK(back.attention == request.attention);
  CHECK(back.seq_len == 4096);
}

TEST_CASE("quantization survives JSON") {
  const auto again = [](const quantize_options& options) {
    const nlohmann::json json = options;
    return json == nlohmann::json(json.get<quantize_options>()) && json.size() == 12;
  };
  CHECK(again({}));
  const quantize_options unusual{.granularity = granularity::per_group,
                                 .group_size = 64,
                                 .calibration_mode = calibration::mse_optimal,
                                 .percentile = 99.5,
                                 .symmetry = symmetry::asymmetric,
                                 .scaling = scaling::division,
                                 .rounding = rounding::stochastic,
                                 .seed = 9223372036854775807U,
                                 .mx_rule = mx_scale_rule::rceil,
                                 .nvfp4 = nvfp4_rule::modelopt,
                                 .four_over_six = four_over_six::mean_squared_error,
                                 .tensor_absmax = 0.1F};
  CHECK(again(unusual));
  const auto back = nlohmann::json(unusual).get<quantize_options>();
  CHECK(back.granularity == unusual.granularity);
  CHECK(back.group_size == unusual.group_size);
  CHECK(back.calibration_mode == unusual.calibration_mode);
  CHECK(back.percentile == unusual.percentile);
  CHECK(back.symmetry == unusual.symmetry);
  CHECK(back.scaling == unusual.scaling);
  CHECK(back.rounding == unusual.rounding);
  CHECK(back.seed == unusual.seed);
  CHECK(back.mx_rule == unusual.mx_rule);
  CHECK(back.nvfp4 == unusual.nvfp4);
  CHECK(back.four_over_six == unusual.four_over_six);
  CHECK(back.tensor_absmax == unusual.tensor_absmax);
  CHECK(nlohmann::json::parse(R"({"scaling": "division"})").get<quantize_options>().scaling ==
        scaling::division);
  CHECK(round_trips(quantization_counts{.nan = 1, .inf = 2, .clipped = 3}));
}

TEST_CASE("dynamic quantization survives JSON") {
  CHECK(round_trips(dynamic_quant_config{}));
  CHECK(round_trips(dynamic_quant_config{.precision = precision::int8,
                                         .granularity = granularity::per_channel,
                                         .calibration_mode = calibration::mse_optimal,
                                         .fallback_to_fp16 = false,
                                         .smoothing = 0}));
  CHECK(round_trips(adaptive_quant_config{}));
  CHECK(round_trips(adaptive_context{.seq_len = 9000, .is_kv_cache = true}));
  CHECK(round_trips(precision_decision{.operator_name = "q_proj", .outlier_ratio = 1.7}));
  const std::vector<float> x{0.1F,   -3.0F, 2.5F, std::numeric_limits<float>::quiet_NaN(),
                             1e-30F, 7.0F};
  CHECK(round_trips(compute_activation_stats(x)));

  dynamic_quantizer<> quantizer{{.granularity = granularity::per_channel}};
  const auto result =
      quantizer.quantize_dynamic({x.data(), 2, 3}, {x.data(), 2, 3}, "layer_0/q_proj \xE2\x82\xAC");
  CHECK(round_trips(result.metadata));
  const nlohmann::json json = quantizer;
  dynamic_quantizer<> restored{quantizer.config()};
  json.get_to(restored);
  CHECK(restored.history().entries() == quantizer.history().entries());
  CHECK(restored.history().entries().size() == 1);

  adaptive_precision_selector selector;
  static_cast<void>(selector.select_precision("q_proj", {.absmax = 1, .std = 1}, {}));
  CHECK(nlohmann::json(selector.distribution().at(0)).dump() ==
        R"({"counts":{"NVFP4":1},"operator_name":"q_proj"})");
}

TEST_CASE("every enumerator survives JSON as its name") {
  for (const precision_format& f : precision_formats) {
    CHECK(nlohmann::json(f.id) == std::string{f.name});
    CHECK(round_trips(f.id));
  }
  for (const operator_type op : operator_types) {
    CHECK(round_trips(op));
  }
  const auto all = [](const auto& table) {
    for (const auto& entry : table) {
      CHECK(nlohmann::json(entry.value) == std::string{entry.name});
      CHECK(round_trips(entry.value));
    }
  };
  all(detail::vendor_names);
  all(detail::architecture_names);
  all(detail::fp8_kind_names);
  all(detail::flash_attention_version_names);
  all(detail::phase_names);
  all(detail::bottleneck_names);
  all(detail::step_scope_names);
  all(detail::granularity_names);
  all(detail::calibration_names);
  all(detail::confidence_names);
}

TEST_CASE("members are written in the order of the struct") {
  CHECK(
      nlohmann::ordered_json(scenario{.seq_len = 5}).dump() ==
      R"({"phase":"decode","seq_len":5,"batch":1,"enable_dynamic":true,"enable_adaptive":false,)"
      R"("plan":{"tensor":1,"data":1,"expert":1,"pipeline":1,"devices_per_node":8,"network_gb_s":50.0}})");
}

TEST_CASE("what may be left out takes the default") {
  const auto c =
      nlohmann::json::parse(R"({"name": "mine", "operator_precisions": {"q_proj": "NVFP4"},
      "layer_overrides": [{"first_layer": 0, "last_layer": 1, "precision": "FP16"}]})")
          .get<mixed_precision_config>();
  CHECK(c ==
        mixed_precision_config{.name = "mine",
                               .operator_precisions = {{operator_type::q_proj, precision::nvfp4}},
                               .layer_overrides = {{.first_layer = 0, .last_layer = 1}}});
}

TEST_CASE("NaN and infinity are not written") {
  nlohmann::json json;
  REQUIRE_THROWS_WITH(json = (work{.flops = std::numeric_limits<double>::infinity()}),
                      test::contains("/flops: JSON has no NaN and no infinity"));
  step_estimate step;
  step.operators.push_back({.time_us = std::numeric_limits<double>::quiet_NaN()});
  REQUIRE_THROWS_WITH(json = step, test::contains("/operators/0/time_us: JSON has no NaN"));
}

// ---- Refusals ------------------------------------------------------------------------------------------------------------------

struct refusal {
  const char* text;
  const char* pointer;
  const char* rule;
};

template <class T, class Rows>
void check_refusals(const Rows& rows) {
  for (const refusal& r : rows) {
    CAPTURE(r.text);
    T value{};
    const T before = value;
    std::string pointer = "accepted";
    std::string rule;
    try {
      nlohmann::json::parse(r.text).get_to(value);
    } catch (const io::input_error& error) {
      pointer = error.pointer();
      rule = error.rule();
    }
    CHECK(pointer == r.pointer);
    CHECK_THAT(rule, test::contains(r.rule));
    if constexpr (std::equality_comparable<T>) {
      CHECK(value == before);
    } else {
      CHECK(nlohmann::json(value) == nlohmann::json(before));
    }
  }
}

TEST_CASE("a device that is wrong is refused by its place") {
  check_refusals<hardware_spec>(std::vector<refusal>{
      {"[]", "", "must be an object (hardware_spec), not an array"},
      {"null", "", "must be an object (hardware_spec), not null"},
      {"{}", "/key", "is missing"},
      {R"({"key": "a", "name": "b"})", "/memory_gb_s", "is missing"},
      {R"({"key": 1, "name": "b", "memory_gb_s": 1})", "/key", "must be a string, not a number"},
      {R"({"key": "A", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1})", "/key",
       "key may hold a-z"},
      {R"({"key": "", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1})", "/key",
       "key must not be empty"},
      {R"({"key": "abcdefghijklmnopqrstuvwxyz_0123456789", "name": "b", "memory_gb_s": 1})", "/key",
       "must be at most 32 bytes long"},
      {R"({"key": "a", "name": "b", "memory_gb_s": "1"})", "/memory_gb_s",
       "must be a number, not a string"},
      {R"({"key": "a", "name": "b", "memory_gb_s": null})", "/memory_gb_s",
       "must be a number, not null"},
      {R"({"key": "a", "name": "b", "memory_gb_s": true})", "/memory_gb_s",
       "must be a number, not a boolean"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 0, "fp16_tflops": 1})", "/memory_gb_s",
       "must be positive"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1})", "",
       "fp16_tflops or bf16_tflops must be known"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": -1})", "/fp16_tflops",
       "must be positive, null"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 0})", "/fp16_tflops",
       "must be positive, null"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": "no"})", "/fp16_tflops",
       "\"none\" (no such unit)"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": {}})", "/fp16_tflops",
       "must be a number, null (unknown) or \"none\" (no such unit), not an object"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "fp8": "ocp"})", "/fp8",
       "must agree"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "arch": "hoper"})", "/arch",
       "unknown name \"hoper\"; known: spec_blackwell, volta"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "vendor": 3})", "/vendor",
       "must be a name, not a number"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "sm_count": 1.5})",
       "/sm_count", "must be a whole number"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "sm_count": 2147483648})",
       "/sm_count", "is too large"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "sm_count": -2147483649})",
       "/sm_count", "is too small"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "sm_count": 18446744073709551615})",
       "/sm_count", "is too large"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "sm_count": 1e300})",
       "/sm_count", "is too large"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "sm_count": -1e300})",
       "/sm_count", "finite whole number"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "sm_count": 0})",
       "/sm_count", "sm_count must be positive"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "block_scaled_mma": 1})",
       "/block_scaled_mma", "must be true or false, not a number"},
      {R"({"key": "a", "name": "b", "memory_gbs": 1, "fp16_tflops": 1})", "/memory_gbs",
       "is not a known member; known: key, name, vendor"},
      {R"({"key": "a", "name": "b", "memory_gb_s": 1, "fp16_tflops": 1, "x/y~z": 1})", "/x~1y~0z",
       "is not a known member"},
  });
}

TEST_CASE("a strategy that is wrong is refused by its place") {
  check_refusals<mixed_precision_config>(std::vector<refusal>{
      {R"({"name": ""})", "/name", "name must not be empty"},
      {R"({"name": "a", "kv_cache_precision": "FP9"})", "/kv_cache_precision",
       "unknown name \"FP9\"; known: FP64, FP32"},
      {R"({"name": "a", "operator_precisions": []})", "/operator_precisions",
       "must be an object of operators"},
      {R"({"name": "a", "operator_precisions": {"q_porj": "FP16"}})", "/operator_precisions/q_porj",
       "known: q_proj, k_proj"},
      {R"({"name": "a", "operator_precisions": {"q_proj": 16}})", "/operator_precisions/q_proj",
       "must be a name, not a number"},
      {R"({"name": "a", "operator_precisions": {"kv_cache": "NVFP4_KV"}})", "/operator_precisions",
       "kv_cache_precision must agree"},
      {R"({"name": "a", "layer_overrides": {}})", "/layer_overrides",
       "must be an array, not an object"},
      {R"({"name": "a", "layer_overrides": [{"first_layer": 0, "last_layer": 1}]})",
       "/layer_overrides/0/precision", "is missing"},
      {R"({"name": "a", "layer_overrides": [{"first_layer": 0, "last_layer": 1, "precision": "FP16", "operators": ["rope", "q"]}]})",
       "/layer_overrides/0/operators/1", "unknown name \"q\""},
      {R"({"name": "a", "layer_overrides": [{"first_layer": 3, "last_layer": 1, "precision": "FP16"}]})",
       "", "first_layer <= last_layer"},
      {R"({"name": "a", "layer_overrides": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]})",
       "/layer_overrides/0", "(layer_override), not a number"},
      {R"({"name": "a", "activation_rules": [{"weight": "NVFP4"}]})",
       "/activation_rules/0/activation", "is missing"},
      {R"({"name": "a", "activation_rules": [{"weight": "FP16", "activation": "NVFP4"}]})",
       "/activation_rules", "activation_rules are of weights below 16 bits"},
      {R"({"name": "a", "claims": {"speedup": "2x"}})", "/claims/speedup", "must be a number"},
  });
}

TEST_CASE("a list holds what it has room for") {
  nlohmann::json json = mixed_precision_config{.name = "a"};
  for (int i = 0; i < 16; ++i) {
    json["layer_overrides"].push_back(layer_override{.first_layer = i, .last_layer = i});
  }
  CHECK(json.get<mixed_precision_config>().layer_overrides.size() == 16);
  json["layer_overrides"].push_back(layer_override{});
  REQUIRE_THROWS_WITH(json.get<mixed_precision_config>(),
                      test::contains("/layer_overrides/16: is more than the list has room for"));
}

TEST_CASE("a model or workload that is wrong is refused by its place") {
  check_refusals<model_config>(std::vector<refusal>{
      {R"({"hidden_size": 1})", "/num_layers", "is missing"},
      {R"({"hidden_size": 0, "num_layers": 1, "num_heads": 1, "num_kv_heads": 1, "head_dim": 1, "ffn_dim": 1})",
       "/hidden_size", "must be in [1, 2^24]"},
      {R"({"hidden_size": 1e19, "num_layers": 1, "num_heads": 1, "num_kv_heads": 1, "head_dim": 1, "ffn_dim": 1})",
       "/hidden_size", "is too large"},
      {R"({"hidden_size": 8, "num_layers": 1, "num_heads": 3, "num_kv_heads": 2, "head_dim": 1, "ffn_dim": 1})",
       "/num_heads", "must be a multiple of num_kv_heads"},
      {R"({"hidden_size": 8, "num_layers": 1})", "/num_heads", "is missing"},
      {R"({"hidden_size": 8, "num_layers": 1, "layers": [{"ffn": {"ffn_dim": 8}, "vector_parameters": 8}], "num_heads": 0})",
       "/num_heads", "must be left out beside layers"},
      {R"({"hidden_size": 8, "num_layers": 1, "layers": []})", "/num_heads", "is missing"},
      {R"({"hidden_size": 8, "num_layers": 1, "layers": [{"vector_parameters": 8}]})", "/layers/0",
       "a layer must have a part"},
      {R"({"hidden_size": 8, "num_layers": 1, "layers": [{"ffn": {"ffn_dim": 0}, "vector_parameters": 8}]})",
       "/layers/0", "ffn_dim must be in [1, 2^24]"},
      {R"({"hidden_size": 8, "num_layers": 1, "layers": [{"ffn": {"width": 8}, "vector_parameters": 8}]})",
       "/layers/0/ffn/width", "is not a known member; known: ffn_dim, gated"},
      {R"({"hidden_size": 8, "num_layers": 1, "layers": [{"attention": {"num_heads": 4}, "vector_parameters": 8}]})",
       "/layers/0/attention/num_kv_heads", "is missing"},
      {R"({"hidden_size": 8, "num_layers": 1, "layers": [{"attention": {"num_heads": 4, "num_kv_heads": 3, "head_dim": 2},
           "vector_parameters": 8}]})",
       "/layers/0", "attention_block: num_heads must be a multiple of num_kv_heads"},
      {R"({"hidden_size": 8, "num_layers": 1, "layers": [{"ffn": {"ffn_dim": 8}, "vector_parameters": 8}], "layer_pattern": [1]})",
       "/layer_pattern", "must name layers"},
      {R"({"hidden_size": 8, "num_layers": 1, "layers": [{"ffn": {"ffn_dim": 8}, "vector_parameters": 8}], "layer_pattern": [256]})",
       "/layer_pattern/0", "is too large"},
  });
  check_refusals<scenario>(std::vector<refusal>{
      {R"({"phase": "training", "seq_len": 1})", "/phase",
       "unknown name \"training\"; known: prefill, decode"},
      {R"({"phase": "decode", "seq_len": 0})", "/seq_len", "must be in [1, 2^31]"},
      {R"({"phase": "decode", "seq_len": 1, "batch": -1})", "/batch", "must be in [1, 2^20]"},
  });
  check_refusals<flash_attention_config>(std::vector<refusal>{
      {R"({"version": "fa5"})", "/version", "known: fa1, fa2, fa3, fa4"},
      {R"({"version": "fa2", "qkv_precision": "FP8_E4M3"})", "", "FA1 and FA2 take FP16 and BF16"},
      {R"({"version": "fa4", "block_sparse": true, "sparsity_ratio": 1})", "/sparsity_ratio",
       "must be in [0, 1)"},
  });
  check_refusals<dynamic_quant_config>(std::vector<refusal>{
      {R"({"precision": "FP32"})", "/precision", "at most 16 bits"},
      {R"({"percentile": 0})", "/percentile", "must be in (0, 100]"},
      {R"({"smoothing": 1})", "/smoothing", "must be in [0, 1)"},
  });
  check_refusals<quantize_options>(std::vector<refusal>{
      {R"({"percentile": 101})", "/percentile", "must be in (0, 100]"},
      {R"({"granularity": "per_group", "group_size": 0})", "/group_size", "must be positive"},
      {R"({"group_size": -1})", "/group_size", "must not be negative"},
      {R"({"tensor_absmax": -1})", "/tensor_absmax", "must be finite and not negative"},
      {R"({"tensor_absmax": 1e39})", "/tensor_absmax", "too large for a 32-bit float"},
      {R"({"seed": 18446744073709551615})", "/seed", "is too large"},
      {R"({"mx_rule": "round"})", "/mx_rule", "known: floor, rceil, even, ceil"},
      {R"({"nvfp4": "nvidia"})", "/nvfp4", "known: transformer_engine, torchao"},
      {R"({"four_over_six": true})", "/four_over_six", "must be a name, not a boolean"},
      {R"({"rounding": "up"})", "/rounding", "known: nearest_even, toward_zero, stochastic"},
      {R"({"symmetry": "both"})", "/symmetry", "known: symmetric, asymmetric"},
      {R"({"scaling": "shift"})", "/scaling", "known: reciprocal, division"},
      {R"({"scales": [1]})", "/scales", "is not a known member"},
  });
  check_refusals<quantization_counts>(std::vector<refusal>{
      {R"({"nan": 1, "inf": 2, "clipped": -3})", "/clipped", "must not be negative"},
  });
  check_refusals<adaptive_quant_config>(std::vector<refusal>{
      {R"({"precision_candidates": []})", "/precision_candidates", "must not be empty"},
      {R"({"history_limit": -1})", "/history_limit", "must be in [0, 2^24]"},
  });
  check_refusals<work>(std::vector<refusal>{
      {R"({"flops": 1, "bytes": -1})", "/bytes", "must not be negative"},
  });
}

TEST_CASE("whole numbers may be written with a fraction of zero") {
  const auto s = nlohmann::json::parse(R"({"phase": "decode", "seq_len": 4096.0})").get<scenario>();
  CHECK(s.seq_len == 4096);
}

TEST_CASE("a quantizer takes back only what fits it") {
  dynamic_quantizer<> quantizer;
  static_cast<void>(quantizer.history().update("q", {0.5F}, 0.9));
  const auto before = quantizer.history().entries();
  const auto refused = [&](const char* text, const char* message) {
    CAPTURE(text);
    REQUIRE_THROWS_WITH(nlohmann::json::parse(text).get_to(quantizer), test::contains(message));
    CHECK(quantizer.history().entries() == before);
  };
  refused(R"({"config": {"smoothing": 0.5}, "history": []})",
          "/config: must be the options of the quantizer");
  refused(R"({"config": {}})", "/history: is missing");
  refused(
      R"({"config": {}, "history": [{"operator_name": "a", "averages": [1], "steps": 0, "weight": 1}]})",
      "/history: scale_history: an entry needs steps > 0");
  refused(
      R"({"config": {}, "history": [{"operator_name": "a", "averages": [1, "2"], "steps": 1, "weight": 1}]})",
      "/history/0/averages/1: must be a number");
  refused(
      R"({"config": {}, "history": [{"operator_name": "a", "averages": [1], "steps": 1, "weight": 1},
                                        {"operator_name": "a", "averages": [1], "steps": 1, "weight": 1}]})",
      "/history: scale_history: an operator is listed twice");
}

TEST_CASE("32-bit floats are checked for their range") {
  float x = 0;
  detail::read_value(nlohmann::json(0.5), x);
  CHECK(x == 0.5F);
  REQUIRE_THROWS_WITH(detail::read_value(nlohmann::json(1e39), x),
                      test::contains("is too large for a 32-bit float"));
  REQUIRE_THROWS_WITH(
      detail::read_value(nlohmann::json(std::numeric_limits<double>::infinity()), x),
      test::contains("must be a finite number"));
}

}  // namespace

}  // namespace json_test
