// SPDX-License-Identifier: Apache-2.0
//
// What served models tell of an engine: its host time a step and the spread of what kernels do not explain, fitted as the constants of kernels
// are (fit_family.hpp), with models in the place of shapes. Each model is predicted with the host time fitted to the others; errors and spreads
// come from those predictions, the host time from all rows. examples/calibrate prints it; the constants in engine/inference_engine.hpp are its
// output.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/engine/inference_engine.hpp"
#include "quantroof/engine/serving.hpp"
#include "quantroof/io/model_library.hpp"
#include "quantroof/io/step_measurements.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/roofline/calibrated.hpp"

namespace quantroof::io {

/// Host times that a fit tries: 0, 50 ... 1200 us a step. Finer ones would tell runs apart, not engines.
inline constexpr int step_us_grain = 50;
inline constexpr int most_step_us = 1200;

/// Mean |predicted / measured - 1| of some rows.
struct mean_error {
  std::size_t rows = 0;
  double error = 0;  // 0 for none
};

/// A model predicted with the host time fitted to the other models of its engine.
struct held_out_model {
  std::string name;    // plain_model_name
  double step_us = 0;  // fitted to the others
  mean_error held_out{};
};

/// The spread of an engine's dense models, or of those with experts.
struct spread_fit {
  std::size_t rows = 0;            // held out
  std::optional<double> spread{};  // the least hundredth whose intervals hold 80 % of them
  // share inside with the spread of the other models, whose host times this one had a part in; nullopt where they are none or have none
  std::optional<double> held_out{};
};

/// The constants of an engine from all its rows, and what they are worth for models that had no part in them.
struct engine_fit {
  const inference_engine* engine = nullptr;
  double step_us = 0;
  mean_error fit{};                      // with step_us, of the rows that it was fitted to
  std::vector<held_out_model> models{};  // by name; none where an engine served one model
  spread_fit dense{};
  spread_fit experts{};
};

/// Held-out errors of a kind of rows, over all engines.
struct held_out_cell {
  std::string_view name;
  mean_error held_out{};
};

struct engine_fit_report {
  std::vector<engine_fit> engines;   // by name, those with served rows
  std::vector<held_out_cell> cells;  // as in held_out_cells
  std::vector<skipped_rows> skipped;
};

/// A kind of rows whose held-out errors are told apart.
struct cell_rule {
  std::string_view name;
  bool (*holds)(const step_measurement&);
};

namespace internal {

/// Few requests: a step waits for kernels and the host, hardly for the prompts of others.
[[nodiscard]] inline bool is_few(const step_measurement& row) {
  return row.request.concurrency <= 16;
}
[[nodiscard]] inline bool is_sglang(const step_measurement& row) {
  return row.engine->name == engines::sglang.name;
}

}  // namespace internal

/// The kinds, in the words of `validate`.
inline constexpr std::array held_out_cells{
    cell_rule{
        "dense C<=16",
        [](const step_measurement& r) { return internal::is_few(r) && !has_experts(*r.model); }},
    cell_rule{"MoE C<=16, not sglang",
              [](const step_measurement& r) {
                return internal::is_few(r) && has_experts(*r.model) && !internal::is_sglang(r);
              }},
    cell_rule{"MoE C<=16, sglang",
              [](const step_measurement& r) {
                return internal::is_few(r) && has_experts(*r.model) && internal::is_sglang(r);
              }},
    cell_rule{"dense", [](const step_measurement& r) { return !has_experts(*r.model); }},
    cell_rule{"MoE", [](const step_measurement& r) { return has_experts(*r.model); }},
    cell_rule{"all", [](const step_measurement&) { return true; }}};

namespace internal {

/// A served row, and its prediction as a function of step_us.
struct served_line {
  const step_measurement* row = nullptr;
  std::string model;
  double at_0 = 0;
  double slope = 0;
  std::optional<double> held_out_us{};  // step_us of the engine's other models
  double needed_spread = 0;             // with it

  [[nodiscard]] double error(double step_us) const {
    return std::abs((at_0 + slope * step_us) / row->time_us - 1);
  }
};

/// The prediction of a row by an engine with other constants.
[[nodiscard]] inline serving_estimate serve(const calibrated_model& model,
                                            const step_measurement& row, double step_us,
                                            double spread) {
  inference_engine engine = *row.engine;
  engine.step_us = step_us;
  engine.dense_spread = spread;
  engine.expert_spread = spread;
  return predict_serving(model, *row.device, *row.model, row.precisions, row.request, engine);
}

/// The row's line, from two points: the host's time adds to each step and each prompt. Nothing where the model does not fit.
[[nodiscard]] inline std::optional<served_line> line_of(const calibrated_model& model,
                                                        const step_measurement& row) {
  const serving_estimate fast = serve(model, row, 0, 0);
  if (!fast.fits) {
    return std::nullopt;
  }
  const serving_estimate slow = serve(model, row, most_step_us, 0);
  return served_line{.row = &row,
                     .model = plain_model_name(row.model_name),
                     .at_0 = fast.tpot_us,
                     .slope = (slow.tpot_us - fast.tpot_us) / most_step_us};
}

/// The least spread, in hundredths up to 1, whose interval holds the row; infinite where none does.
[[nodiscard]] inline double needed_spread(const calibrated_model& model,
                                          const step_measurement& row, double step_us) {
  int least = 0;
  int most = 101;
  while (least < most) {
    const int middle = (least + most) / 2;
    const serving_estimate e = serve(model, row, step_us, middle / 100.0);
    if (row.time_us >= e.tpot_lower_us && row.time_us <= e.tpot_upper_us) {
      most = middle;
    } else {
      least = middle + 1;
    }
  }
  return least > 100 ? std::numeric_limits<double>::infinity() : least / 100.0;
}

using line_list = std::vector<const served_line*>;

[[nodiscard]] inline mean_error mean_of(const line_list& lines, double step_us) {
  mean_error m{.rows = lines.size()};
  for (const served_line* line : lines) {
    m.error += line->error(step_us) / static_cast<double>(lines.size());
  }
  return m;
}

/// The host time with the least mean error; the smaller one of two.
[[nodiscard]] inline double fit_step_us(const line_list& lines) {
  double best = 0;
  double least = mean_of(lines, best).error;
  for (int step_us = step_us_grain; step_us <= most_step_us; step_us += step_us_grain) {
    if (const double error = mean_of(lines, step_us).error; error < least) {
      least = error;
      best = step_us;
    }
  }
  return best;
}

[[nodiscard]] inline std::set<std::string> models_of(const line_list& lines) {
  std::set<std::string> names;
  for (const served_line* line : lines) {
    names.insert(line->model);
  }
  return names;
}

/// The lines of a model, and those of the others.
[[nodiscard]] inline std::pair<line_list, line_list> split(const line_list& lines,
                                                           std::string_view model) {
  std::pair<line_list, line_list> parts;
  for (const served_line* line : lines) {
    (line->model == model ? parts.first : parts.second).push_back(line);
  }
  return parts;
}

/// The least spread that 80 % of the rows can do with; infinite where none is.
[[nodiscard]] inline double spread_of(const line_list& lines) {
  std::vector<double> needed;
  for (const served_line* line : lines) {
    needed.push_back(line->needed_spread);
  }
  std::sort(needed.begin(), needed.end());
  return needed[(4 * needed.size() + 4) / 5 - 1];
}

/// Of held-out rows of one kind.
[[nodiscard]] inline spread_fit fit_spread(const line_list& lines) {
  spread_fit fit{.rows = lines.size()};
  if (lines.empty()) {
    return fit;
  }
  if (const double spread = spread_of(lines); std::isfinite(spread)) {
    fit.spread = spread;
  }
  double inside = 0;
  for (const std::string& model : models_of(lines)) {
    const auto [own, others] = split(lines, model);
    const double spread =
        others.empty() ? std::numeric_limits<double>::infinity() : spread_of(others);
    if (!std::isfinite(spread)) {
      return fit;
    }
    inside += static_cast<double>(std::count_if(
        own.begin(), own.end(), [&](const served_line* l) { return l->needed_spread <= spread; }));
  }
  fit.held_out = inside / static_cast<double>(lines.size());
  return fit;
}

/// One engine; its lines get the host time and the spread that they are held out with.
[[nodiscard]] inline engine_fit fit_engine(const calibrated_model& model,
                                           std::vector<served_line>& lines) {
  line_list all;
  for (const served_line& line : lines) {
    all.push_back(&line);
  }
  engine_fit fit{.engine = lines.front().row->engine, .step_us = fit_step_us(all)};
  fit.fit = mean_of(all, fit.step_us);
  line_list dense;
  line_list experts;
  for (const std::string& name : models_of(all)) {
    const auto [own, others] = split(all, name);
    if (others.empty()) {
      break;
    }
    const double step_us = fit_step_us(others);
    fit.models.push_back({name, step_us, mean_of(own, step_us)});
    for (served_line& line : lines) {
      if (line.model == name) {
        line.held_out_us = step_us;
        line.needed_spread = needed_spread(model, *line.row, step_us);
        (has_experts(*line.row->model) ? experts : dense).push_back(&line);
      }
    }
  }
  fit.dense = fit_spread(dense);
  fit.experts = fit_spread(experts);
  return fit;
}

}  // namespace internal

/// The constants of every engine that served models, and their errors on models held back.
///
/// formula   step_us: the smallest mean |TPOT / measured - 1|. Spread: predict_engine_step's
/// requires  rows as read_step_measurements gives them: device, model and engine known, times positive
/// ignores   single streams; rows that do not fit or cannot be predicted are counted in `skipped`
[[nodiscard]] inline engine_fit_report fit_engines(const step_measurement_set& set,
                                                   const calibrated_model& model = {}) {
  engine_fit_report report;
  step_measurement_set left_out;
  std::map<std::string_view, std::vector<internal::served_line>> lines;
  for (const step_measurement& row : set.rows) {
    if (!row.served) {
      continue;
    }
    try {
      if (auto line = internal::line_of(model, row)) {
        lines[row.engine->name].push_back(*std::move(line));
      } else {
        left_out.skip(row.file, "does not fit: " + row.model_name + " on " + row.gpu);
      }
    } catch (const domain_error& error) {
      left_out.skip(row.file, row.gpu + " " + row.format + ": " + error.what());
    }
  }
  report.skipped = std::move(left_out.skipped);
  for (auto& [name, of_engine] : lines) {
    report.engines.push_back(internal::fit_engine(model, of_engine));
  }
  for (const cell_rule& rule : held_out_cells) {
    held_out_cell cell{rule.name};
    for (const auto& [name, of_engine] : lines) {
      for (const internal::served_line& line : of_engine) {
        if (line.held_out_us && rule.holds(*line.row)) {
          ++cell.held_out.rows;
          cell.held_out.error += line.error(*line.held_out_us);
        }
      }
    }
    cell.held_out.error /= std::max(1.0, static_cast<double>(cell.held_out.rows));
    report.cells.push_back(cell);
  }
  return report;
}

}  // namespace quantroof::io
