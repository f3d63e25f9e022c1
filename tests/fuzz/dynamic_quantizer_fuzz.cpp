// SPDX-License-Identifier: Apache-2.0
//
// A few calls of one dynamic_quantizer with any configuration, small operands and any bits of floats: only domain_error may come out,
// a failed call leaves no trace, and results have the shape, the counts and the NaN rows that are promised.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "fuzz_input.hpp"
#include "quantroof/dynamic_quant/dynamic_quantizer.hpp"

namespace {

using namespace quantroof;
using fuzz::must;

struct operands {
  std::size_t m = 1;
  std::size_t n = 1;
  std::size_t k = 1;
  std::vector<float> activation{};
  std::vector<float> weight{};

  [[nodiscard]] matrix_view<const float> a() const { return {activation.data(), m, k}; }
  [[nodiscard]] matrix_view<const float> b() const { return {weight.data(), n, k}; }
};

dynamic_quant_config read_config(fuzz::input& in) {
  dynamic_quant_config c;
  c.precision = in.enumerator<precision>(precision_count);
  c.granularity = in.enumerator<granularity>(4);
  c.group_size = in.byte() < 240 ? 1 + in.byte() % 64 : in.raw<std::int64_t>();
  c.calibration_mode = in.enumerator<calibration>(4);
  c.percentile = in.byte() < 240 ? in.byte() / 2.55 : in.raw<double>();
  c.fallback_to_fp16 = in.byte() % 4 == 0;
  c.outlier_threshold = in.byte() < 240 ? 1.0 + in.byte() / 16.0 : in.raw<double>();
  c.smoothing = in.byte() < 240 ? in.byte() / 256.0 : in.raw<double>();
  c.error_report = in.enumerator<error_report>(2);
  return c;
}

/// Largest finite magnitude; whether all are finite and no NaN is in a row.
struct range {
  float most = 0;
  std::int64_t nan = 0;
  std::int64_t inf = 0;
};
range range_of(const std::vector<float>& x) {
  range r;
  for (const float v : x) {
    r.nan += std::isnan(v) ? 1 : 0;
    r.inf += std::isinf(v) ? 1 : 0;
    r.most = std::isfinite(v) ? std::fmax(r.most, std::fabs(v)) : r.most;
  }
  return r;
}

void check_product(const operands& o, const dynamic_quant_result& result, bool weight_is_finite) {
  must(result.rows == o.m && result.cols == o.n && result.values.size() == o.m * o.n);
  const range a = range_of(o.activation);
  const range b = range_of(o.weight);
  must(result.metadata.nan_count == a.nan && result.metadata.inf_count == a.inf);
  must(std::isfinite(result.metadata.scale) && result.metadata.scale >= 0);
  must(result.metadata.clipped_count >= 0);
  for (std::size_t r = 0; r < o.m; ++r) {
    bool has_nan = false;
    for (const float v : o.a().row(r)) {
      has_nan = has_nan || std::isnan(v);
    }
    for (std::size_t c = 0; c < o.n; ++c) {
      const float v = result.values[r * o.n + c];
      if (has_nan) {
        must(std::isnan(v));
      } else if (weight_is_finite && b.nan == 0 && b.inf == 0 && a.most < 0x1p60F &&
                 b.most < 0x1p60F && a.inf == 0) {
        must(std::isfinite(v));
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input in{{data, size}};
  try {
    dynamic_quantizer<> quantizer{read_config(in)};
    for (int calls = 1 + in.byte() % 3; calls > 0; --calls) {
      operands o{.m = 1 + in.below(4), .n = 1 + in.below(3), .k = 1 + in.below(70)};
      std::optional<precision> target;
      if (in.byte() % 2 == 0) {
        target = in.enumerator<precision>(precision_count);
      }
      const std::uint8_t how = in.byte();
      const auto weight_format = in.enumerator<precision>(precision_count);
      const std::string_view name = how / 4 % 4 == 3 ? "v_proj" : "q_proj";
      fuzz::input rest = in;
      o.activation = rest.floats(o.m * o.k);
      static_cast<void>(rest.byte());
      o.weight = rest.floats(o.n * o.k);
      const scale_history before = quantizer.history();
      try {
        if (how % 4 == 0) {
          const dynamic_quant_result back = quantizer.quantize_activation(o.a(), name, target);
          must(back.values.size() == o.activation.size());
          for (std::size_t i = 0; i < back.values.size(); ++i) {
            must(std::isnan(o.activation[i]) == std::isnan(back.values[i]));
            must(!std::isinf(back.values[i]));
          }
        } else if (how % 4 == 1) {
          const quantized_storage weight = quantize(weight_format, o.b());
          const std::vector<float> values = dequantize(weight);
          const range r = range_of(values);
          check_product(o, quantizer.quantize_dynamic(o.a(), weight, name, target),
                        r.nan == 0 && r.inf == 0);
        } else {
          check_product(o, quantizer.quantize_dynamic(o.a(), o.b(), name, target), true);
        }
        const std::optional<double> scale = quantizer.scale_of(name);
        must(!scale || (*scale >= 0 && std::isfinite(*scale)));
      } catch (const domain_error& error) {
        must(*error.what() != '\0');
        must(quantizer.history().entries() == before.entries());
      }
    }
  } catch (const domain_error& error) {
    must(*error.what() != '\0');
  }
  return 0;
}
