// SPDX-License-Identifier: Apache-2.0
//
// The optimizer allocates nothing. This program counts every call of operator new.
#include <cstddef>
#include <cstdlib>
#include <new>

#include "catch.hpp"
#include "quantroof/engine/optimize.hpp"
#include "quantroof/engine/optimize_alternatives.hpp"
#include "quantroof/engine/optimize_reasons.hpp"
#include "quantroof/engine/pareto.hpp"
#include "quantroof/engine/recommendation_distance.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"

namespace {
std::size_t allocations = 0;

void* counted_or_throw(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes > 0 ? bytes : 1)) {
    return memory;
  }
  throw std::bad_alloc{};
}
}  // namespace

void* operator new(std::size_t bytes) { return counted_or_throw(bytes); }
void* operator new[](std::size_t bytes) { return counted_or_throw(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes > 0 ? bytes : 1);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes > 0 ? bytes : 1);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace quantroof;

template <class T>
void keep(const T& value) {
  const volatile T* address = &value;
  static_cast<void>(address);
}

TEST_CASE("searches and their reasons allocate nothing") {
  const calibrated_model model{};
  for (const std::string_view device : {"h100_sxm", "b200_sxm", "b10", "v100_sxm2_32gb"}) {
    for (const std::string_view name : {"llama3_8b", "qwen3_30b_a3b"}) {
      optimize_request r;
      r.workload.push_back({.phase = phase::decode, .seq_len = 4096, .batch = 4});
      r.workload.push_back({.phase = phase::prefill, .seq_len = 1024});
      r.limits.quality_loss = 0.03;
      const hardware_spec& hw = get_hardware(device);
      const model_config& m = get_model(name);
      const std::size_t before = allocations;
      const optimization a = optimize(model, hw, m, r);
      keep(a);
      keep(find_conflicts(model, hw, m, r));
      if (a.feasible) {
        keep(price_limits(model, hw, m, r));
        keep(explain_alternatives(model, hw, m, r));
        keep(pareto_frontier(model, hw, m, r));
        keep(batch_crossovers(model, hw, m, r, 16));
        keep(distance_of_recommendation(model, hw, m, r, a));
      }
      const std::size_t after = allocations;
      CAPTURE(device, name);
      CHECK(after == before);
    }
  }
}

}  // namespace
