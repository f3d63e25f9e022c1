// SPDX-License-Identifier: Apache-2.0
//
// What was measured: which rows are of this model in this scheme, and which of models like it.
//
//   same      the model and the scheme: smallest, median and largest of the rows; those of one source are widened by what two sources differ by
//   similar   the scheme on at least three rows of other models of the same size class and time: best, median and worst
//
// Not here: the rows (quality_perplexities.hpp, quality_scores.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "quantroof/detail/exponential.hpp"
#include "quantroof/engine/quality_options.hpp"
#include "quantroof/engine/quality_perplexities.hpp"
#include "quantroof/engine/quality_row.hpp"
#include "quantroof/engine/quality_scores.hpp"
#include "quantroof/engine/quality_traits.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// The measured model that a name and size stand for.
///
/// formula   canonical names equal, parameters within 8 %
[[nodiscard]] constexpr std::optional<measured_model> find_measured_model(const model_traits& t) {
  const std::string_view name = t.name;
  for (const measured_model_entry& m : detail::measured_models) {
    for (const std::string_view key : m.keys) {
      if (key.empty()) {
        break;  // no further ones
      }
      const double ratio = key == name ? t.parameters / (1e9 * m.billions) : 0;
      if (ratio > 0.92 && ratio < 1.08) {
        return m.value;
      }
    }
  }
  return std::nullopt;
}

/// The format that stands for p's class in published rows.
[[nodiscard]] constexpr precision published_format(precision p) {
  switch (p) {
    case precision::bf16:
    case precision::fp32:
    case precision::tf32:
    case precision::fp64:
      return precision::fp16;
    case precision::fp8_e4m3_channel:
    case precision::fp8_e4m3_group128:
    case precision::fp8_e4m3_block128:
    case precision::fp8_e4m3fnuz:
    case precision::fp8_e4m3_ieee:
      return precision::fp8_e4m3;
    case precision::int4_g128_zp4:
    case precision::int4_g128_zp16:
      return precision::int4_g128;
    case precision::int8:
      return precision::int8_channel;
    case precision::gguf_nvfp4:
    case precision::nvfp4_kv:
      return precision::nvfp4;
    case precision::gguf_mxfp4:
      return precision::mxfp4;
    default:
      return p;
  }
}

/// A plan in which all linear layers have one format, as published rows have it.
struct quality_scheme {
  precision weight = precision::fp16;
  precision activation = precision::fp16;
  precision kv = precision::fp16;
  weight_method method = weight_method::rounded;

  friend constexpr bool operator==(const quality_scheme&, const quality_scheme&) = default;
};

/// The scheme of a plan; nullopt where linear layers, their inputs or K and V differ, everything is in 16 bits, or a layer is kept apart.
///
/// ignores   embeddings, LM head, routers, indexes, whether attention multiplies in 8 bits
/// requires  is_valid(m); is_valid(c)
[[nodiscard]] constexpr std::optional<quality_scheme> uniform_scheme(
    const model_config& m, const mixed_precision_config& c, bool calibrated) {
  std::optional<precision> weight;
  precision input = precision::fp16;
  for (const layer_band& band : layer_bands(c, m.num_layers)) {
    for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
      if (lists_layers(m) && count_layers(m, kind, band.first_layer, band.count) == 0) {
        continue;
      }
      for (const weight_matrix& w : weight_matrices(layer_kind(m, kind), m.hidden_size)) {
        if (wide_operators.contains(w.op)) {
          continue;
        }
        const precision own = c.get_precision(w.op, band.first_layer);
        const precision p = published_format(own);
        const precision its_input = published_format(c.get_activation_precision(own));
        if (weight && (*weight != p || input != its_input)) {
          return std::nullopt;
        }
        weight = p;
        input = its_input;
      }
    }
  }
  const cache_format cache = c.get_cache_format();
  const precision kv = published_format(cache.key);
  if (!weight || kv != published_format(cache.value) ||
      (*weight == precision::fp16 && kv == precision::fp16)) {
    return std::nullopt;
  }
  const bool wide = format_of(*weight).element_bits >= 16;
  const precision activation = wide ? precision::fp16 : input;
  const bool by_data = calibrated && (format_of(*weight).element_bits < 8 ||
                                      format_of(activation).kind == element_kind::int8);
  return quality_scheme{.weight = *weight,
                        .activation = activation,
                        .kv = kv,
                        .method = by_data ? weight_method::calibrated : weight_method::rounded};
}

/// Rows that bear on a question, as a band of the metric's fraction.
struct quality_evidence {
  quality_band loss{};
  std::size_t rows = 0;
  const quality_row* row = nullptr;  // the median

  friend constexpr bool operator==(const quality_evidence&, const quality_evidence&) = default;
};

/// Tokens of a word of English text; word perplexity is the token's to this power.
///
/// source    assumed: 1.2 for vocabularies of 32 to 152 thousand
inline constexpr double tokens_per_word = 1.2;
/// Two sources that measured one model in one scheme differ by this factor in the median (FP8, NVFP4, INT4 and MXFP8 of Llama-3.1-8B).
inline constexpr double source_spread = 1.3;

namespace detail {

/// Rows in order of loss, at most 96.
class sorted_rows {
 public:
  constexpr void add(const quality_row& row, double loss) {
    if (size_ == entries_.size()) {
      return;
    }
    std::size_t at = size_++;
    for (; at > 0 && entries_[at - 1].loss > loss; --at) {
      entries_[at] = entries_[at - 1];
    }
    entries_[at] = {loss, &row};
  }
  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr quality_evidence summary() const {
    const entry& middle = entries_[(size_ - 1) / 2];
    const double median = 0.5 * (middle.loss + entries_[size_ / 2].loss);
    return {.loss = {entries_[0].loss, median, entries_[size_ - 1].loss},
            .rows = size_,
            .row = middle.row};
  }
  /// One document printed all of them.
  [[nodiscard]] constexpr bool has_one_source() const {
    for (std::size_t i = 1; i < size_; ++i) {
      if (entries_[i].row->source != entries_[0].row->source) {
        return false;
      }
    }
    return true;
  }

 private:
  struct entry {
    double loss = 0;
    const quality_row* row = nullptr;
  };
  std::array<entry, 96> entries_{};
  std::size_t size_ = 0;
};

/// What a perplexity of a token and of a word say of each other.
[[nodiscard]] constexpr double loss_of_power(const quality_row& row, double power) {
  return pow(row.quantized / row.baseline, power) - 1;
}
[[nodiscard]] constexpr auto make_token_losses() {
  std::array<double, quality_data::perplexities.size()> losses{};
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const quality_row& row = quality_data::perplexities[i];
    losses[i] = row.metric == quality_metric::perplexity ? row.loss()
                                                         : loss_of_power(row, 1 / tokens_per_word);
  }
  return losses;
}
inline constexpr auto token_losses = make_token_losses();

[[nodiscard]] constexpr bool is_of(const quality_row& row, const quality_scheme& s) {
  return row.weight == s.weight && row.activation == s.activation && row.kv == s.kv &&
         row.method == s.method;
}

template <class Wanted>
[[nodiscard]] constexpr sorted_rows find_rows(const quality_scheme& s, quality_metric metric,
                                              Wanted wanted) {
  sorted_rows found;
  if (metric <= quality_metric::word_perplexity) {
    for (std::size_t i = 0; i < token_losses.size(); ++i) {
      const quality_row& row = quality_data::perplexities[i];
      if (is_of(row, s) && wanted(row.model)) {
        found.add(row, metric == quality_metric::perplexity ? token_losses[i]
                       : row.metric == metric               ? row.loss()
                                                            : loss_of_power(row, tokens_per_word));
      }
    }
  } else {
    for (const quality_row& row : quality_data::scores) {
      if (row.metric == metric && is_of(row, s) && wanted(row.model)) {
        found.add(row, row.loss());
      }
    }
  }
  return found;
}

/// Rows of INT8 activations and caches are listed by the storage they have.
[[nodiscard]] constexpr quality_scheme as_listed(quality_scheme s) {
  s.activation = s.activation == precision::int8_channel ? precision::int8 : s.activation;
  s.kv = s.kv == precision::int8_channel ? precision::int8 : s.kv;
  s.kv = s.kv == precision::nvfp4 ? precision::nvfp4_kv : s.kv;
  return s;
}

}  // namespace detail

/// What was measured of this very model and scheme.
[[nodiscard]] constexpr std::optional<quality_evidence> find_same(const model_traits& t,
                                                                  const quality_scheme& scheme,
                                                                  quality_metric metric) {
  const auto model = find_measured_model(t);
  if (!model) {
    return std::nullopt;
  }
  const detail::sorted_rows found = detail::find_rows(
      detail::as_listed(scheme), metric, [&](measured_model other) { return other == *model; });
  if (found.size() == 0) {
    return std::nullopt;
  }
  quality_evidence e = found.summary();
  if (found.has_one_source()) {
    const double size = detail::abs(e.loss.typical);
    const double noise = metric <= quality_metric::word_perplexity ? 0.001 : 0.005;
    e.loss.lower -= size * (1 - 1 / source_spread) + noise;
    e.loss.upper += size * (source_spread - 1) + noise;
  }
  return e;
}

/// What was measured of the scheme on models of the same size class and time.
[[nodiscard]] constexpr std::optional<quality_evidence> find_similar(const model_traits& t,
                                                                     const quality_scheme& scheme,
                                                                     quality_metric metric) {
  const auto model = find_measured_model(t);
  const detail::sorted_rows found =
      detail::find_rows(detail::as_listed(scheme), metric, [&](measured_model other) {
        const measured_model_entry& m = detail::measured_models[static_cast<std::size_t>(other)];
        return other != model && size_class(1e9 * m.billions) == t.size &&
               detail::starts_with_any(m.keys[0], detail::early_models) == t.early;
      });
  return found.size() < 3 ? std::nullopt : std::optional{found.summary()};
}

}  // namespace quantroof
