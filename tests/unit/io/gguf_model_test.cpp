// SPDX-License-Identifier: Apache-2.0
//
// Models from GGUF files. Each file has the tensors that llama.cpp's converter writes for its architecture (names of gguf-py/gguf/constants.py), so
// that the parameters of the model its keys describe can be compared with what lies in the file.
#include "quantroof/io/gguf_model.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "checkpoint_bytes.hpp"
#include "scratch.hpp"
#include "test_table.hpp"

namespace gguf_model_test {

namespace {

using namespace quantroof;

constexpr std::uint32_t f32 = 0;
constexpr std::uint32_t f16 = 1;
constexpr std::uint32_t q5_k = 13;
constexpr std::uint32_t q4_k = 12;
constexpr std::uint32_t q6_k = 14;

/// A file whose tensors are laid out one after the other.
struct writer {
  std::string architecture;
  test::gguf_bytes file{};
  std::uint64_t at = 0;

  explicit writer(std::string name) : architecture(std::move(name)) {
    file.name("general.architecture", architecture);
  }
  writer& key(const std::string& member, std::uint32_t value) {
    file.number(architecture + "." + member, value);
    return *this;
  }
  writer& tensor(const std::string& name, const std::vector<std::uint64_t>& extents,
                 std::uint32_t type = f32) {
    std::uint64_t elements = 1;
    for (const std::uint64_t extent : extents) {
      elements *= extent;
    }
    const io::ggml_type& t = *io::find_ggml_type(type);
    file.tensor(name, extents, type, at);
    at += (elements / t.block * t.bytes + 31) / 32 * 32;
    return *this;
  }
  [[nodiscard]] std::string bytes() const { return file.file(at); }
};

constexpr std::uint64_t hidden = 256;
constexpr std::uint64_t heads = 4;
constexpr std::uint64_t kv_heads = 2;
constexpr std::uint64_t head_dim = 64;
constexpr std::uint64_t ffn = 512;
constexpr std::uint64_t vocab = 320;
constexpr int layers = 2;

writer common(const std::string& architecture, std::uint32_t matrices = f16) {
  writer w{architecture};
  w.key("embedding_length", hidden).key("block_count", layers).key("context_length", 4096);
  w.key("attention.head_count", heads).key("attention.head_count_kv", kv_heads);
  w.key("vocab_size", vocab).key("feed_forward_length", ffn);
  w.tensor("token_embd.weight", {hidden, vocab}, matrices).tensor("output_norm.weight", {hidden});
  return w;
}
std::string block(int layer) { return "blk." + std::to_string(layer) + "."; }

void add_attention(writer& w, int layer, std::uint32_t type = f16) {
  const std::string b = block(layer);
  w.tensor(b + "attn_norm.weight", {hidden});
  w.tensor(b + "attn_q.weight", {hidden, heads * head_dim}, type);
  w.tensor(b + "attn_k.weight", {hidden, kv_heads * head_dim}, type);
  w.tensor(b + "attn_v.weight", {hidden, kv_heads * head_dim}, type);
  w.tensor(b + "attn_output.weight", {heads * head_dim, hidden}, type);
}
void add_ffn(writer& w, int layer, std::uint32_t type = f16, std::uint32_t down = f16) {
  const std::string b = block(layer);
  w.tensor(b + "ffn_norm.weight", {hidden});
  w.tensor(b + "ffn_gate.weight", {hidden, ffn}, type);
  w.tensor(b + "ffn_up.weight", {hidden, ffn}, type);
  w.tensor(b + "ffn_down.weight", {ffn, hidden}, down);
}
void add_experts(writer& w, int layer, std::uint64_t experts, std::uint64_t width) {
  const std::string b = block(layer);
  w.tensor(b + "ffn_norm.weight", {hidden});
  w.tensor(b + "ffn_gate_inp.weight", {hidden, experts});
  w.tensor(b + "ffn_gate_exps.weight", {hidden, width, experts}, f16);
  w.tensor(b + "ffn_up_exps.weight", {hidden, width, experts}, f16);
  w.tensor(b + "ffn_down_exps.weight", {width, hidden, experts}, f16);
}

io::gguf_model read(const writer& w) {
  const test::scratch folder;
  return io::read_gguf_model(folder.write("model.gguf", w.bytes()));
}
std::string notes_of(const io::gguf_model& m) {
  std::string all;
  for (const std::string& note : m.notes) {
    all += note + "; ";
  }
  return all;
}
std::string wrong(const writer& w) {
  const io::input_error error = test::error_of([&] { static_cast<void>(read(w)); });
  return std::string{error.pointer()} + ": " + std::string{error.rule()};
}

writer llama(std::uint32_t matrices = f16, std::uint32_t down = f16) {
  writer w = common("llama", matrices);
  w.tensor("output.weight", {hidden, vocab}, matrices);
  w.tensor("rope_freqs.weight", {head_dim / 2});  // a table, no parameters
  for (int layer = 0; layer < layers; ++layer) {
    add_attention(w, layer, matrices);
    add_ffn(w, layer, matrices, layer == 0 ? down : matrices);
  }
  return w;
}

TEST_CASE("llama: an own head, formats by operator and layer") {
  const io::gguf_model m = read(llama(q4_k, q6_k));
  CHECK(notes_of(m) == "");
  CHECK(m.model.num_layers == layers);
  CHECK(m.model.hidden_size == hidden);
  CHECK(m.model.num_kv_heads == kv_heads);
  CHECK_FALSE(m.model.tie_word_embeddings);
  REQUIRE(m.formats);
  CHECK(m.formats->get_precision(operator_type::q_proj) == precision::gguf_q4_k);
  CHECK(m.formats->get_precision(operator_type::ffn_down, 0) == precision::gguf_q6_k);
  CHECK(m.formats->get_precision(operator_type::ffn_down, 1) == precision::gguf_q4_k);
  CHECK(m.formats->get_precision(operator_type::lm_head) == precision::gguf_q4_k);
}

TEST_CASE("a type that is no format here leaves the model and says so") {
  const io::gguf_model m = read(llama(q5_k));
  CHECK_FALSE(m.formats);
  CHECK(notes_of(m) == "token_embd.weight has type Q5_K, which is no format here; ");
}

TEST_CASE("qwen2: biases of Q, K and V; a head that is the embedding") {
  writer w = common("qwen2");
  for (int layer = 0; layer < layers; ++layer) {
    add_attention(w, layer);
    w.tensor(block(layer) + "attn_q.bias", {heads * head_dim});
    w.tensor(block(layer) + "attn_k.bias", {kv_heads * head_dim});
    w.tensor(block(layer) + "attn_v.bias", {kv_heads * head_dim});
    add_ffn(w, layer);
  }
  const io::gguf_model m = read(w);
  CHECK(notes_of(m) == "");
  CHECK(m.model.tie_word_embeddings);
  CHECK(m.model.qkv_bias);
}

TEST_CASE("qwen3 and qwen3moe: norms of Q and K, experts") {
  for (const bool sparse : {false, true}) {
    writer w = common(sparse ? "qwen3moe" : "qwen3");
    w.key("attention.key_length", head_dim).key("attention.value_length", head_dim);
    if (sparse) {
      w.key("expert_count", 8).key("expert_used_count", 2).key("expert_feed_forward_length", 128);
    }
    w.tensor("output.weight", {hidden, vocab}, f16);
    for (int layer = 0; layer < layers; ++layer) {
      add_attention(w, layer);
      w.tensor(block(layer) + "attn_q_norm.weight", {head_dim});
      w.tensor(block(layer) + "attn_k_norm.weight", {head_dim});
      if (sparse) {
        add_experts(w, layer, 8, 128);
      } else {
        add_ffn(w, layer);
      }
    }
    const io::gguf_model m = read(w);
    CHECK(notes_of(m) == "");
    CHECK(layer_kind(m.model, 0).experts.has_value() == sparse);
  }
}

TEST_CASE("llama with experts is mixtral") {
  writer w = common("llama");
  w.key("expert_count", 4).key("expert_used_count", 2);
  w.tensor("output.weight", {hidden, vocab}, f16);
  for (int layer = 0; layer < layers; ++layer) {
    add_attention(w, layer);
    add_experts(w, layer, 4, ffn);
  }
  CHECK(notes_of(read(w)) == "");
}

TEST_CASE("gemma3: four norms a layer, windows, norms of Q and K") {
  writer w = common("gemma3");
  w.key("attention.key_length", head_dim).key("attention.sliding_window", 512);
  for (int layer = 0; layer < layers; ++layer) {
    add_attention(w, layer);
    add_ffn(w, layer);
    w.tensor(block(layer) + "attn_q_norm.weight", {head_dim});
    w.tensor(block(layer) + "attn_k_norm.weight", {head_dim});
    w.tensor(block(layer) + "post_attention_norm.weight", {hidden});
    w.tensor(block(layer) + "post_ffw_norm.weight", {hidden});
  }
  const io::gguf_model m = read(w);
  CHECK(notes_of(m) == "");
  CHECK(layer_kind(m.model, 0).attention->window == 512);
}

TEST_CASE(
    "deepseek2: latent attention, a dense layer first, shared experts, a bias of the router") {
  writer w{"deepseek2"};
  w.key("embedding_length", hidden).key("block_count", layers).key("vocab_size", vocab);
  w.key("attention.head_count", heads).key("attention.head_count_kv", 1);
  w.key("feed_forward_length", ffn).key("attention.q_lora_rank", 96);
  w.key("attention.kv_lora_rank", 64).key("attention.key_length", 64 + 32);
  w.key("attention.value_length", 64).key("attention.key_length_mla", 48 + 32);
  w.key("attention.value_length_mla", 40).key("rope.dimension_count", 32);
  w.key("expert_count", 4).key("expert_used_count", 2).key("expert_shared_count", 1);
  w.key("expert_feed_forward_length", 128).key("leading_dense_block_count", 1);
  w.tensor("token_embd.weight", {hidden, vocab}, f16).tensor("output_norm.weight", {hidden});
  w.tensor("output.weight", {hidden, vocab}, f16);
  for (int layer = 0; layer < layers; ++layer) {
    const std::string b = block(layer);
    w.tensor(b + "attn_norm.weight", {hidden});
    w.tensor(b + "attn_q_a.weight", {hidden, 96}, f16).tensor(b + "attn_q_a_norm.weight", {96});
    w.tensor(b + "attn_q_b.weight", {96, heads * 80}, f16);
    w.tensor(b + "attn_kv_a_mqa.weight", {hidden, 64 + 32}, f16);
    w.tensor(b + "attn_kv_a_norm.weight", {64});
    w.tensor(b + "attn_k_b.weight", {48, 64, heads}, f16);
    w.tensor(b + "attn_v_b.weight", {64, 40, heads}, f16);
    w.tensor(b + "attn_output.weight", {heads * 40, hidden}, f16);
    if (layer == 0) {
      add_ffn(w, layer);
    } else {
      add_experts(w, layer, 4, 128);
      w.tensor(b + "exp_probs_b.bias", {4});
      w.tensor(b + "ffn_gate_shexp.weight", {hidden, 128}, f16);
      w.tensor(b + "ffn_up_shexp.weight", {hidden, 128}, f16);
      w.tensor(b + "ffn_down_shexp.weight", {128, hidden}, f16);
    }
  }
  const io::gguf_model m = read(w);
  CHECK(notes_of(m) == "");
  CHECK(kv_elements_per_token(m.model) == layers * (64 + 32));
}

TEST_CASE("parameters that the keys do not explain are told") {
  writer w = llama();
  w.tensor("blk.0.extra.weight", {hidden});
  const std::string notes = notes_of(read(w));
  CHECK(notes.find("the tensors hold ") == 0);
  CHECK(notes.find("the model that the keys describe has ") != std::string::npos);
}

TEST_CASE("what cannot be read is refused by its key") {
  CHECK(wrong(common("mamba"))
            .find("key general.architecture: \"mamba\" is not a known "
                  "architecture; known: llama, qwen2") == 0);
  writer w{"llama"};
  w.key("block_count", layers);
  w.tensor("token_embd.weight", {hidden, vocab}, f16);
  CHECK(wrong(w) == "key llama.embedding_length: is missing");
}

}  // namespace

}  // namespace gguf_model_test
