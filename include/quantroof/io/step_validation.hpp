// SPDX-License-Identifier: Apache-2.0
//
// How good the predictions of whole steps are: every measured step beside its prediction, summed up by file, device, format and engine; served
// ones apart by kind of model and concurrency, with the time to the first token where the engine has a claim.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "quantroof/io/fit.hpp"
#include "quantroof/io/step_measurements.hpp"
#include "quantroof/io/validation.hpp"
#include "quantroof/roofline/textbook.hpp"

namespace quantroof::io {

/// One measured step beside its prediction.
struct validated_step {
  const step_measurement* row = nullptr;
  double predicted_us = 0;
  double lower_us = 0;
  double upper_us = 0;
  std::optional<double> first_token_us{};
  double textbook_us = 0;
};

/// What the model says of a measured step; nothing where it does not fit the device.
[[nodiscard]] inline std::optional<validated_step> predict(const step_measurement& row,
                                                           const calibrated_model& model) {
  validated_step v{&row};
  step_request decode = row.step;
  if (row.served) {
    const serving_estimate e =
        predict_serving(model, *row.device, *row.model, row.precisions, row.request, *row.engine);
    if (!e.fits) {
      return std::nullopt;
    }
    v.predicted_us = e.tpot_us;
    v.lower_us = e.tpot_lower_us;
    v.upper_us = e.tpot_upper_us;
    v.first_token_us = e.ttft_us;
    decode = {.phase = phase::decode,
              .seq_len = row.request.isl + row.request.osl / 2,
              .batch = e.batch,
              .attention = select_attention(*row.device, {.phase = phase::decode, .seq_len = 1},
                                            row.precisions.kv_cache_precision),
              .plan = row.request.plan};
  } else {
    const step_estimate e =
        predict_engine_step(model, *row.device, *row.model, row.precisions, row.step, *row.engine);
    v.predicted_us = e.time_us;
    v.lower_us = e.lower_us;
    v.upper_us = e.upper_us;
  }
  v.textbook_us = predict_step(textbook_model{.scope = step_scope::whole_step}, *row.device,
                               *row.model, row.precisions, decode)
                      .time_us;
  return v;
}

struct step_validation_report {
  std::vector<validation_summary> summaries;
  std::vector<validated_step> rows;
  std::vector<skipped_rows> skipped;
};

/// Predicts every row and sums up.
[[nodiscard]] inline step_validation_report validate(const step_measurement_set& set,
                                                     const calibrated_model& model) {
  step_validation_report report;
  step_measurement_set rest;
  rest.skipped = set.skipped;
  struct pair {
    double predicted, lower, upper, textbook, measured;
  };
  using key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<key, std::vector<pair>> groups;
  for (const step_measurement& row : set.rows) {
    try {
      const auto v = predict(row, model);
      if (!v) {
        rest.skip(row.file, "does not fit: " + row.model_name + " on " + row.gpu);
        continue;
      }
      report.rows.push_back(*v);
      std::string format = row.format;
      if (row.served) {
        const std::int64_t c = row.request.concurrency;
        format += has_experts(*row.model) ? " MoE" : " dense";
        format += c <= 16 ? " C<=16" : (c <= 64 ? " C<=64" : " C>64");
      }
      groups[{row.file, row.gpu, format, row.engine_name}].push_back(
          {v->predicted_us, v->lower_us, v->upper_us, v->textbook_us, row.time_us});
      if (v->first_token_us && row.first_token_us > 0) {
        groups[{row.file, row.gpu, format + " TTFT", row.engine_name}].push_back(
            {*v->first_token_us, 0.7 * *v->first_token_us, 1.4 * *v->first_token_us, 0,
             row.first_token_us});
      }
    } catch (const domain_error& error) {
      rest.skip(row.file, row.gpu + " " + row.format + ": " + error.what());
    }
  }
  report.skipped = rest.skipped;
  for (const auto& [name, rows] : groups) {
    validation_summary s;
    std::tie(s.file, s.gpu, s.format, s.source) = name;
    s.n = rows.size();
    std::vector<double> errors;
    errors.reserve(rows.size());
    for (const pair& p : rows) {
      const double error = p.predicted / p.measured - 1;
      errors.push_back(std::abs(error));
      s.mape += std::abs(error);
      s.bias += std::log(p.predicted / p.measured);
      s.textbook_mape += std::abs(p.textbook / p.measured - 1);
      s.coverage80 += p.measured >= p.lower && p.measured <= p.upper ? 1 : 0;
    }
    const auto n = static_cast<double>(rows.size());
    s.mape /= n;
    s.textbook_mape /= n;
    s.coverage80 /= n;
    s.bias = std::exp(s.bias / n) - 1;
    s.median = quantile(errors, 0.5);
    s.p90 = quantile(errors, 0.9);
    report.summaries.push_back(std::move(s));
  }
  return report;
}

}  // namespace quantroof::io
