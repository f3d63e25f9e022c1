// SPDX-License-Identifier: Apache-2.0
//
// Predictions and recommendations allocate nothing. This program counts every call of operator new.
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

#include "catch.hpp"
#include "quantroof/engine/engine.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/roofline/flash_attention.hpp"
#include "test_table.hpp"

namespace {
std::size_t allocations = 0;

void* counted(std::size_t bytes) noexcept {
  ++allocations;
  return std::malloc(bytes > 0 ? bytes : 1);
}
void* counted_or_throw(std::size_t bytes) {
  if (void* memory = counted(bytes)) {
    return memory;
  }
  throw std::bad_alloc{};
}
}  // namespace

void* operator new(std::size_t bytes) { return counted_or_throw(bytes); }
void* operator new[](std::size_t bytes) { return counted_or_throw(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace quantroof;

/// How often operator new is called while `f` runs.
template <class F>
std::size_t allocations_in(F f) {
  const std::size_t before = allocations;
  f();
  return allocations - before;
}

/// Keeps a result, so that its computation is not removed.
template <class T>
void keep(const T& value) {
  const volatile T* address = &value;
  static_cast<void>(address);
}

TEST_CASE("the counter counts") {
  std::vector<int> held;
  CHECK(allocations_in([&held] { held.push_back(1); }) == 1);
}

TEST_CASE("recommend and evaluate allocate nothing") {
  std::size_t total = 0;
  int calls = 0;
  for (const hardware_spec* device : list_hardware()) {
    for (const phase ph : {phase::prefill, phase::decode}) {
      for (const std::int64_t n :
           test::at_run_time(std::vector<std::int64_t>{1, 4096, 8193, 32768})) {
        const scenario s{.phase = ph, .seq_len = n, .batch = 2, .enable_adaptive = true};
        total += allocations_in([&] {
          const integrated_quantization_engine engine{*device};
          keep(engine.recommend(models::llama3_8b, s));
          keep(engine.evaluate(models::llama3_8b, s, create_layerwise_gradient(32)));
          keep(engine.baseline(models::llama3_8b, s));
        });
        ++calls;
      }
    }
  }
  CHECK(total == 0);
  CHECK(calls == static_cast<int>(8 * known_hardware.size()));
}

TEST_CASE("predictions, look-ups and sizes allocate nothing") {
  const std::int64_t n = test::at_run_time_value(std::int64_t{4096});
  CHECK(allocations_in([n] {
          const flash_attention_roofline roofline{get_hardware("h100_sxm")};
          keep(roofline.predict(1, 32, 8, 1, n, 128, {}));
          keep(compare_fa_versions(1, 32, n, 128, "b10"));
          keep(compare_fa_versions(1, 32, n, 128, "v100_sxm2_32gb"));
        }) == 0);
  CHECK(allocations_in([n] {
          keep(textbook_model{}.gemm(hw::b200_sxm, {n, n, n}, precision::nvfp4, precision::fp16));
          keep(predict_step(textbook_model{.scope = step_scope::whole_step}, hw::b10,
                            get_model("qwen3_8b"), get_strategy("layerwise_gradient", 36),
                            {.phase = phase::prefill, .seq_len = n}));
        }) == 0);
  CHECK(allocations_in([n] {
          keep(weight_bytes(models::llama3_70b, create_layerwise_gradient(80)));
          keep(kv_cache_bytes(models::llama3_70b, precision::nvfp4_kv, n));
          keep(memory_savings_pct(models::llama3_70b, create_fp8_balanced(), n));
          keep(parse_operator_type("lm_head"));
          keep(find_hardware("no such device"));
        }) == 0);
}

}  // namespace
