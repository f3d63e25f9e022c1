// SPDX-License-Identifier: Apache-2.0
//
// fmt formatters of models and their layers. One line each:
//
//   model_config   llama3_8b: 32 layers, hidden 4096, 32 heads on 8 KV heads of 128, FFN 14336, vocabulary 128256
//                  v3: 61 layers, hidden 7168, 3 of (128 latent heads on 512+64, FFN 18432), 58 of (128 latent heads on 512+64, 8 of 256 experts
//                  of 2048 and shared 2048), vocabulary 129280
//   layer_shape    32 heads on 4 KV heads of 128, window 1024, FFN 9216
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quantroof/io/format_text.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/transformer.hpp"

/// "4096 x 14336"
template <>
struct fmt::formatter<quantroof::weight_shape> : quantroof::detail::line_formatter {
  auto format(const quantroof::weight_shape& s, auto& context) const {
    return print(context, "{} x {}", s.rows, s.cols);
  }
};

template <>
struct fmt::formatter<quantroof::layer_shape> : quantroof::detail::line_formatter {
  auto format(const quantroof::layer_shape& l, auto& context) const {
    memory_buffer line;
    if (l.attention) {
      const quantroof::attention_block& a = *l.attention;
      quantroof::detail::add_to(line, "{} heads on {} KV heads of {}", a.num_heads, a.num_kv_heads,
                                a.head_dim);
      if (a.v_head_dim > 0 && a.v_head_dim != a.head_dim) {
        quantroof::detail::add_to(line, " and {}", a.v_head_dim);
      }
      if (a.window > 0) {
        quantroof::detail::add_to(line, ", window {}", a.window);
      }
      add_selected(line, a.selected, "tokens");
    }
    if (l.latent) {
      quantroof::detail::add_to(line, "{} latent heads on {}+{}", l.latent->num_heads,
                                l.latent->kv_rank, l.latent->rope_dim);
      add_selected(line, l.latent->selected, "tokens");
    }
    if (l.compressed) {
      const quantroof::compressed_attention& a = *l.compressed;
      quantroof::detail::add_to(line, "{} heads on one KV row of {}, window {}", a.num_heads,
                                a.head_dim, a.window);
      if (a.ratio > 0) {
        quantroof::detail::add_to(line, " and an entry for {} tokens", a.ratio);
      }
      add_selected(line, a.selected, "entries");
    }
    if (l.linear) {
      quantroof::detail::add_to(line, "linear attention {} wide, state {}", l.linear->inner,
                                l.linear->state);
    }
    if (l.ffn) {
      quantroof::detail::add_to(line, "{}FFN {}", line.size() > 0 ? ", " : "", l.ffn->ffn_dim);
    }
    if (l.experts) {
      const quantroof::expert_mixture& x = *l.experts;
      quantroof::detail::add_to(line, "{}{} of {} experts of {}", line.size() > 0 ? ", " : "",
                                x.top_k, x.experts, x.expert_dim);
      if (x.shared_dim > 0) {
        quantroof::detail::add_to(line, " and shared {}", x.shared_dim);
      }
    }
    return print(context, line);
  }

 private:
  static void add_selected(memory_buffer& line, std::int64_t count, std::string_view what) {
    if (count > 0) {
      quantroof::detail::add_to(line, ", {} {} selected", count, what);
    }
  }
};

template <>
struct fmt::formatter<quantroof::model_config> : quantroof::detail::line_formatter {
  auto format(const quantroof::model_config& m, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{}: {} layers, hidden {}", m.name, m.num_layers,
                              m.hidden_size);
    for (std::size_t kind = 0; kind < quantroof::layer_kind_count(m); ++kind) {
      const quantroof::layer_shape l = quantroof::layer_kind(m, kind);
      if (quantroof::layer_kind_count(m) == 1) {
        quantroof::detail::add_to(line, ", {}", l);
      } else {
        quantroof::detail::add_to(line, ", {} of ({})", quantroof::count_layers(m, kind), l);
      }
    }
    if (m.vocab_size) {
      quantroof::detail::add_to(line, ", vocabulary {}", *m.vocab_size);
    }
    return print(context, line);
  }
};
