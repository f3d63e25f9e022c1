// SPDX-License-Identifier: Apache-2.0
//
// What a stored tensor holds: parameters of the model, parameters packed several to an element, scales of others, or neither.
//
// Element types do not tell: 4-bit weights lie in U8 and I32 tensors. Names beside it and shapes do, and only what they prove is counted:
//
//   NVFP4     U8 [out, in / 2], E4M3 scales [out, in / 16]              ModelOpt (weight, weight_scale), compressed-tensors (weight_packed)
//   MXFP4     U8 or I8 [out, in / 2], E8M0 (F8_E8M0, U8) [out, in / 32]  the same names; weight, scale; *_blocks [..., 16], *_scales (gpt-oss)
//   GPTQ      qweight I32 [in * bits / 32, out], qzeros, scales [groups, out]
//   AWQ       qweight I32 [in, out * bits / 32], qzeros, scales [groups, out]
//   NF4, FP4  weight U8 [n / 2, 1] with weight.quant_state.bitsandbytes__nf4 or __fp4
//
// Other packed tensors have unknown parameters: compressed-tensors' I32 weight_packed, whose shape is in the data of weight_shape; MLX's U32.
// Source: compressed-tensors 52792be, Model-Optimizer a2fbac7, AutoAWQ, GPTQModel and bitsandbytes checkpoints, gpt-oss's own.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/names.hpp"
#include "quantroof/io/checkpoint.hpp"

namespace quantroof {

namespace io {

/// What the elements of a stored tensor are.
enum class tensor_content : std::uint8_t {
  parameters,  // one an element
  packed,      // several an element
  scales,      // scales, zero points, shapes and orders of other tensors
  buffers,     // what no training changed: masks, positions, frequencies
};

namespace internal {
inline constexpr detail::name_table<tensor_content, 4> tensor_content_names{{
    {tensor_content::parameters, "parameters"},
    {tensor_content::packed, "packed"},
    {tensor_content::scales, "scales"},
    {tensor_content::buffers, "buffers"},
}};
static_assert(detail::names_are_complete(tensor_content_names));
}  // namespace internal

[[nodiscard]] constexpr std::string_view to_string(tensor_content c) {
  return detail::name_of(internal::tensor_content_names, c);
}

/// What is known about one stored tensor.
struct tensor_meaning {
  tensor_content content = tensor_content::parameters;
  std::string_view packing{};  // "NVFP4", "GPTQ 4-bit" ...; empty: not packed, or unknown
  std::optional<std::uint64_t>
      parameters{};  // nothing: packed in a way that names and shapes do not tell
};

}  // namespace io

namespace detail {

/// Reads the meaning of tensors off their names, types and shapes.
class tensor_reader {
 public:
  explicit tensor_reader(const io::checkpoint& all) : all_(all), order_(tensors_by_name(all)) {}

  [[nodiscard]] io::tensor_meaning read(const io::checkpoint_tensor& t) const {
    return all_.format == io::checkpoint_format::gguf ? read_gguf(t) : read_named(t);
  }

 private:
  using tensor = io::checkpoint_tensor;
  using meaning = io::tensor_meaning;
  using content = io::tensor_content;

  [[nodiscard]] const tensor* find(const std::string& name) const {
    const auto found = std::lower_bound(
        order_.begin(), order_.end(), name,
        [this](std::size_t i, const std::string& n) { return all_.tensors[i].name < n; });
    return found == order_.end() || all_.tensors[*found].name != name ? nullptr
                                                                      : &all_.tensors[*found];
  }
  [[nodiscard]] static meaning plain(const tensor& t) {
    return {.content = content::parameters, .packing = {}, .parameters = t.elements};
  }
  [[nodiscard]] static meaning none(content c) {
    return {.content = c, .packing = {}, .parameters = 0};
  }
  [[nodiscard]] static meaning unpacked(std::string_view packing,
                                        std::optional<std::uint64_t> parameters) {
    return {.content = content::packed, .packing = packing, .parameters = parameters};
  }
  [[nodiscard]] static bool is_any(std::string_view text,
                                   std::initializer_list<std::string_view> of) {
    return std::find(of.begin(), of.end(), text) != of.end();
  }
  [[nodiscard]] static bool is_integer(const tensor& t) {
    return is_any(t.dtype, {"BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64"});
  }
  [[nodiscard]] static std::uint64_t last(const tensor& t) {
    return t.shape.empty() ? 1 : t.shape.back();
  }
  /// The name up to its last dot, and what follows.
  [[nodiscard]] static std::string module_of(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    return dot == name.npos ? std::string{} : name.substr(0, dot + 1);
  }
  [[nodiscard]] static std::string_view member_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == name.npos ? name : name.substr(dot + 1);
  }

  [[nodiscard]] meaning read_gguf(const tensor& t) const {
    const std::string_view name = t.name;
    if (name.ends_with(".scale") || name.ends_with(".input_scale")) {
      return none(content::scales);  // the second scale of NVFP4
    }
    if (name == "rope_freqs.weight" || name.find("rope_factors") != name.npos ||
        is_any(t.dtype, {"I8", "I16", "I32", "I64"})) {
      return none(content::buffers);
    }
    return plain(t);
  }

  [[nodiscard]] meaning read_named(const tensor& t) const {
    if (is_scale(t)) {
      return none(content::scales);
    }
    if (const auto packed = read_packed(t)) {
      return *packed;
    }
    const std::string_view name = t.name;
    const bool is_buffer = name.ends_with("rotary_emb.inv_freq") ||
                           name.ends_with("attn.masked_bias") ||
                           (name.ends_with("attn.bias") && t.shape.size() == 4) ||  // GPT-2's mask
                           (is_integer(t) && t.dtype != "I8");
    return is_buffer ? none(content::buffers) : plain(t);
  }

  [[nodiscard]] bool is_scale(const tensor& t) const {
    const std::string& name = t.name;
    const std::string module = module_of(name);
    const std::string_view member = member_of(name);
    if (t.dtype == "F8_E8M0") {
      return true;
    }
    if (is_any(member,
               {"input_scale", "input_global_scale", "input_zero_point", "output_scale",
                "pre_quant_scale", "k_scale", "v_scale", "q_scale", "SCB", "weight_format"})) {
      return true;
    }
    if (is_any(member, {"scales", "qzeros", "g_idx"}) && find(module + "qweight") != nullptr) {
      return true;
    }
    if (is_any(member, {"scales", "biases"})) {  // MLX
      const tensor* const weight = find(module + "weight");
      return weight != nullptr && weight->dtype == "U32";
    }
    if (member == "scale") {
      const tensor* const weight = find(module + "weight");
      return weight != nullptr && is_any(weight->dtype, {"U8", "I8", "F8_E4M3", "F8_E5M2", "F4"});
    }
    for (const std::string_view suffix :
         {"_scale", "_scale_inv", "_scale_2", "_global_scale", "_zero_point", "_shape", "_g_idx"}) {
      if (std::string_view{name}.ends_with(suffix)) {
        const std::string base = name.substr(0, name.size() - suffix.size());
        if (find(base) != nullptr || find(base + "_packed") != nullptr) {
          return true;
        }
      }
    }
    if (std::string_view{name}.ends_with("_scales")) {
      return find(name.substr(0, name.size() - 6) + "blocks") != nullptr;
    }
    const std::size_t of_weight = name.find(".weight.");  // bitsandbytes
    return of_weight != name.npos && find(name.substr(0, of_weight + 7)) != nullptr;
  }

  /// The scales of a tensor, by the ways that they are named.
  [[nodiscard]] const tensor* scales_of(const std::string& name) const {
    std::string base = name;
    if (std::string_view{name}.ends_with("_packed")) {
      base.resize(base.size() - 7);
    } else if (member_of(name) == "weight") {
      if (const tensor* const found = find(module_of(name) + "scale")) {
        return found;
      }
    } else if (std::string_view{name}.ends_with("_blocks")) {
      return find(name.substr(0, name.size() - 6) + "scales");
    }
    return find(base + "_scale");
  }

  [[nodiscard]] std::optional<meaning> read_packed(const tensor& t) const {
    if (!is_any(t.dtype, {"U8", "I8", "I32", "U32"})) {
      return std::nullopt;
    }
    if (member_of(t.name) == "qweight") {
      return read_qweight(t);
    }
    for (const auto& [state, packing] : {std::pair{".quant_state.bitsandbytes__nf4", "NF4"},
                                         std::pair{".quant_state.bitsandbytes__fp4", "FP4"}}) {
      if (find(t.name + state) != nullptr) {
        return unpacked(packing, 2 * t.elements);
      }
    }
    const tensor* const scales = scales_of(t.name);
    const bool bytes = t.dtype == "U8" || t.dtype == "I8";
    if (scales != nullptr && bytes) {
      if (is_blocks_of(t, *scales, 8) && scales->dtype == "F8_E4M3") {
        return unpacked("NVFP4", 2 * t.elements);
      }
      if (is_blocks_of(t, *scales, 16) && is_any(scales->dtype, {"F8_E8M0", "U8"})) {
        return unpacked("MXFP4", 2 * t.elements);
      }
    }
    if (t.dtype == "I8" && (scales == nullptr || !is_any(scales->dtype, {"F8_E8M0", "U8"}))) {
      return std::nullopt;  // INT8: one an element
    }
    const bool is_packed = scales != nullptr || member_of(t.name) == "weight" ||
                           std::string_view{t.name}.ends_with("_packed");
    return is_packed ? std::optional{unpacked({}, std::nullopt)} : std::nullopt;
  }

  /// True where each scale stands for `block` elements of a row; gpt-oss gives blocks an axis of their own.
  [[nodiscard]] static bool is_blocks_of(const tensor& t, const tensor& scales,
                                         std::uint64_t block) {
    std::vector<std::uint64_t> grid = t.shape;
    if (grid.size() == scales.shape.size() + 1) {
      if (grid.back() != block) {
        return false;
      }
      grid.pop_back();
    } else if (!grid.empty() && grid.back() % block == 0) {
      grid.back() /= block;
    } else {
      return false;
    }
    return grid == scales.shape;
  }

  /// GPTQ and AWQ, told apart by the side that is packed.
  [[nodiscard]] meaning read_qweight(const tensor& t) const {
    const std::string module = module_of(t.name);
    const tensor* const scales = find(module + "scales");
    const tensor* const zeros = find(module + "qzeros");
    const auto is_matrix = [](const tensor* x) {
      return x != nullptr && x->shape.size() == 2 && x->elements > 0;
    };
    if (t.shape.size() != 2 || t.elements == 0 || !is_matrix(scales) || !is_matrix(zeros)) {
      return unpacked({}, std::nullopt);
    }
    const std::uint64_t out = last(*scales);
    const std::optional<std::uint64_t> zero_bits = checked_product(32, last(*zeros));
    if (!zero_bits || *zero_bits % out != 0) {
      return unpacked({}, std::nullopt);
    }
    const std::uint64_t bits = *zero_bits / out;
    static constexpr std::array<std::string_view, 9> gptq{
        "", "", "GPTQ 2-bit", "GPTQ 3-bit", "GPTQ 4-bit", "", "", "", "GPTQ 8-bit"};
    const auto stored_bits = checked_product(32, t.elements);
    if (bits >= gptq.size() || gptq[bits].empty() || !stored_bits || *stored_bits % bits != 0) {
      return unpacked({}, std::nullopt);
    }
    const std::uint64_t parameters = *stored_bits / bits;
    if (last(t) == out) {
      return unpacked(gptq[bits], parameters);
    }
    if (bits == 4 && last(t) == last(*zeros)) {
      return unpacked("AWQ 4-bit", parameters);
    }
    return unpacked({}, std::nullopt);
  }

  const io::checkpoint& all_;
  std::vector<std::size_t> order_;
};

}  // namespace detail

namespace io {

/// What each tensor of a checkpoint holds, in the order of its tensors.
[[nodiscard]] inline std::vector<tensor_meaning> tensor_meanings(const checkpoint& all) {
  const detail::tensor_reader reader{all};
  std::vector<tensor_meaning> meanings;
  meanings.reserve(all.tensors.size());
  for (const checkpoint_tensor& tensor : all.tensors) {
    meanings.push_back(reader.read(tensor));
  }
  return meanings;
}

}  // namespace io
}  // namespace quantroof
