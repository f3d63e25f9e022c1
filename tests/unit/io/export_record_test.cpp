// SPDX-License-Identifier: Apache-2.0
//
// Documents: published files come back equal, absent and null members stay apart, unknown ones are refused by their place.
#include "quantroof/io/export_record.hpp"

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "quantroof/io/hf_config.hpp"
#include "quantroof/io/json_file.hpp"

namespace export_record_test {

namespace {

using namespace quantroof;
using nlohmann::json;
using nlohmann::ordered_json;
namespace fs = std::filesystem;

template <class T>
bool comes_back(const json& document) {
  const T value = document.get<T>();
  const json back = value;
  const ordered_json ordered = value;
  return back == document && json(ordered) == document && ordered.get<T>() == value;
}

TEST_CASE("documents come back equal, absent, null and empty members apart") {
  for (
      const std::string_view text : {
          R"({})",
          R"({"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 128], "scale_fmt": "ue8m0"})",
          R"({"quant_method": "fp8", "weight_block_size": null, "modules_to_not_convert": []})",
          R"({"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"]})",
          R"({"quant_method": "compressed-tensors", "format": "pack-quantized", "ignore": ["lm_head", "re:.*self_attn.*"], "kv_cache_scheme": null,
               "global_compression_ratio": 1.891, "sparsity_config": {"format": "dense", "a": [1, 2.5, null]}, "transform_config": {}, "version": "0.12.2",
               "config_groups": {"group_0": {"targets": ["Linear"], "output_activations": null, "input_activations": {"dynamic": "local", "num_bits": 4},
                 "weights": {"num_bits": 8, "type": "int", "symmetric": false, "strategy": "group", "group_size": -1, "block_structure": [128, 128],
                             "dynamic": false, "actorder": "static", "observer": "minmax", "observer_kwargs": {"x": 0.1}, "scale_dtype": null, "zp_dtype": "torch.int8"}}}})",
          R"({"quant_algo": "FP8", "kv_cache_scheme": "FP8", "producer": {"name": "modelopt", "version": "0.31.0"}})",
          R"({"quant_algo": "MIXED_PRECISION", "quantized_layers": {"a.b": {"quant_algo": "W4A16_AWQ", "group_size": 128, "has_zero_point": false, "pre_quant_scale": true}},
               "kv_cache_scheme": {"num_bits": 8, "type": "float", "dynamic": true}})",
      }) {
    CAPTURE(text);
    CHECK(comes_back<quantization_record>(io::parse_json(text)));
  }
  CHECK(comes_back<modelopt_document>(io::parse_json(R"({"quantization": {}})")));
  CHECK(comes_back<modelopt_document>(io::parse_json(
      R"({"quant_method": "modelopt", "producer": null, "quantization": {"kv_cache_quant_algo": null, "exclude_modules": ["mtp*"]}})")));
}

TEST_CASE("a member is absent, null or a value") {
  constexpr json_member<std::int64_t> absent;
  constexpr auto null = json_member<std::int64_t>::null();
  constexpr json_member<std::int64_t> zero{0};
  static_assert(absent.is_absent() && !absent.has_value() && null.is_null() && zero.has_value());
  static_assert(!(absent == null) && !(null == zero) && !(absent == zero) && absent.value() == 0);
  CHECK(zero == json_member<std::int64_t>{std::int64_t{0}});
}

TEST_CASE("what is not known is refused by its place") {
  struct row {
    std::string_view text;
    std::string_view pointer;
    std::string_view rule;
  };
  for (const row& r : {
           row{R"([])", "", "must be an object"},
           row{R"({"bits": 4})", "/bits", "is not a known member; known: quant_method"},
           row{R"({"config_groups": {"g": {"weights": {"num_bits": 8, "num_bit": 1}}}})",
               "/config_groups/g/weights/num_bit", "is not a known member; known: num_bits"},
           row{R"({"config_groups": {"g": {"target": []}}})", "/config_groups/g/target",
               "is not a known member; known: targets"},
           row{R"({"config_groups": {"FP8": ["Linear"]}})", "/config_groups/FP8",
               "must be an object"},
           row{R"({"config_groups": []})", "/config_groups", "must be an object"},
           row{R"({"quantized_layers": {"a~/b": {"algo": 1}}})", "/quantized_layers/a~0~1b/algo",
               "is not a known member"},
           row{R"({"ignore": ["a", 1]})", "/ignore/1", "must be a string"},
           row{R"({"ignore": "a"})", "/ignore", "must be an array"},
           row{R"({"group_size": 1.5})", "/group_size", "must be a whole number"},
           row{R"({"group_size": "16"})", "/group_size", "must be a whole number"},
           row{R"({"weight_block_size": [128, 128, 1]})", "/weight_block_size/2",
               "more than the list has room for"},
           row{R"({"config_groups": {"g": {"weights": {"dynamic": "global"}}}})",
               "/config_groups/g/weights/dynamic", "must be true, false or \"local\""},
           row{R"({"config_groups": {"g": {"weights": {"type": "floating point"}}}})",
               "/config_groups/g/weights/type", "must be at most 8 bytes"},
           row{R"({"kv_cache_scheme": ""})", "/kv_cache_scheme", "must not be empty"},
           row{R"({"kv_cache_scheme": 8})", "/kv_cache_scheme", "must be an object"},
           row{R"({"producer": {"who": 1}})", "/producer/who", "known: name, version"},
       }) {
    CAPTURE(r.text);
    quantization_record record{.fmt = json_string{"kept"}};
    const quantization_record before = record;
    try {
      from_json(io::parse_json(r.text), record);
      FAIL("was accepted");
    } catch (const io::input_error& error) {
      CHECK(error.pointer() == r.pointer);
      CHECK_THAT(std::string{error.rule()}, test::contains(std::string{r.rule}));
    }
    CHECK(record == before);
  }
  modelopt_document document;
  CHECK_THROWS_WITH(from_json(io::parse_json("{}"), document),
                    test::contains("/quantization: is missing"));
  CHECK_THROWS_WITH(
      from_json(io::parse_json(R"({"quantization": {}, "quant_algo": "FP8"})"), document),
      test::contains("/quant_algo: is not a known member"));
}

TEST_CASE("published files come back equal") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const fs::path root{data != nullptr ? data : "../shared/data"};
  if (!fs::is_directory(root / "hf_configs")) {
    WARN("no hf_configs in " << root);
    return;
  }
  int files = 0;
  int configs = 0;
  for (const auto& entry : fs::directory_iterator(root / "hf_quant_configs")) {
    CAPTURE(entry.path());
    CHECK(comes_back<modelopt_document>(io::read_json_file(entry.path())));
    ++files;
  }
  for (const auto& entry : fs::directory_iterator(root / "hf_configs")) {
    if (entry.path().extension() != ".json") {
      continue;
    }
    CAPTURE(entry.path());
    const json config = io::parse_json(detail::without_non_finite(io::read_text_file(entry.path())),
                                       entry.path().string());
    for (const json& place : {config, config.value("text_config", json::object())}) {
      if (place.contains("quantization_config")) {
        CHECK(comes_back<quantization_record>(place["quantization_config"]));
        ++configs;
      }
    }
  }
  CHECK(files == 27);
  CHECK(configs == 37);
}

}  // namespace

}  // namespace export_record_test
