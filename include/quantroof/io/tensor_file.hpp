// SPDX-License-Identifier: Apache-2.0
//
// Matrices of floats from files and into them: NumPy's .npy and raw little-endian float32.
//
//   auto x = io::read_npy("activations.npy");      auto y = io::read_f32("layer_3.f32", 4096);      io::write_npy("back.npy", x.matrix());
//
//   .npy   \x93NUMPY | version, 2 bytes | header length, 2 or 4 bytes | {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } | data
//
// Read are versions 1.0 to 3.0, 1 or 2 dimensions, C order, '<f4' and '<f2' (whose values floats hold exactly). '<f8' is refused: it
// would be rounded twice on its way to a small format. NaN and infinities are data. No size in a file is believed before the file's
// own size confirms it. Source: NumPy, numpy/lib/format.py, "Format Version 1.0" to "3.0". No JSON library is included.
// Not here: memory mapping, .npz, safetensors.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/npy_header.hpp"
#include "quantroof/io/whole_file.hpp"
#include "quantroof/precision/storage_types.hpp"

namespace quantroof {

namespace io {

/// A row-major matrix that owns its values.
struct float_matrix {
  std::vector<float> values{};
  std::size_t rows = 0;
  std::size_t cols = 0;

  [[nodiscard]] matrix_view<const float> matrix() const { return {values.data(), rows, cols}; }
};

}  // namespace io

namespace detail {

/// A regular file that is read from its beginning, with its size.
class sized_file {
 public:
  explicit sized_file(const std::filesystem::path& path)
      : path_(path), stream_(opened(path), "rb") {
    if (!stream_.is_open()) {
      file_error(path, "cannot be read", last_error());
    }
    std::error_code error;
    size_ = std::filesystem::file_size(path, error);
    if (error) {
      file_error(path, "cannot be read", error);
    }
    if (size_ > std::numeric_limits<std::size_t>::max()) {
      refuse("is larger than the memory that can be addressed");
    }
  }

  /// Bytes not read yet.
  [[nodiscard]] std::uintmax_t left() const { return size_ - read_; }
  /// The next bytes; `rule` is what a file that does not have them breaks.
  void read(void* to, std::size_t size, std::string_view rule) {
    if (size > left() || std::fread(to, 1, size, stream_.get()) != size) {
      if (std::ferror(stream_.get()) != 0) {
        file_error(path_, "cannot be read", last_error());
      }
      refuse(rule);
    }
    read_ += size;
  }
  /// Refuses a file that has grown since its size was taken.
  void expect_end() {
    if (std::fgetc(stream_.get()) != EOF) {
      refuse("changed while it was read");
    }
  }
  [[noreturn]] void refuse(std::string_view rule) const {
    throw io::input_error{path_.string(), "", rule};
  }

 private:
  [[nodiscard]] static const std::filesystem::path& opened(const std::filesystem::path& path) {
    std::error_code ignored;
    const std::filesystem::file_status status = std::filesystem::status(path, ignored);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      throw io::input_error{path.string(), "", "is not a regular file"};
    }
    return path;
  }

  std::filesystem::path path_;
  file_stream stream_;
  std::uintmax_t size_ = 0;
  std::uintmax_t read_ = 0;
};

/// An unsigned number of N bytes, the lowest first.
template <std::size_t N>
[[nodiscard]] constexpr std::uint32_t little_endian(const unsigned char* bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < N; ++i) {
    value |= static_cast<std::uint32_t>(bytes[i]) << (8 * i);
  }
  return value;
}

inline constexpr std::size_t file_chunk = 65536;  // bytes

/// `count` elements of Size bytes each, which the file has been found to hold.
template <std::size_t Size>
void read_floats(sized_file& file, std::vector<float>& values, std::size_t count) {
  values.resize(count);
  std::array<unsigned char, file_chunk> bytes{};
  for (std::size_t first = 0; first < count; first += file_chunk / Size) {
    const std::size_t rest = count - first;
    const std::size_t part = rest < file_chunk / Size ? rest : file_chunk / Size;
    file.read(bytes.data(), part * Size, "changed while it was read");
    for (std::size_t i = 0; i < part; ++i) {
      const std::uint32_t bits = little_endian<Size>(bytes.data() + i * Size);
      if constexpr (Size == 4) {
        values[first + i] = std::bit_cast<float>(bits);
      } else {
        values[first + i] = to_float(float16_t{static_cast<std::uint16_t>(bits)});
      }
    }
  }
  file.expect_end();
}

[[nodiscard]] inline npy_header read_npy_header(sized_file& file) {
  std::array<unsigned char, 12> start{};
  file.read(start.data(), 8, "is not an .npy file: too short");
  if (std::string_view{reinterpret_cast<const char*>(start.data()), 6} != npy_magic) {
    file.refuse("is not an .npy file: it does not begin with \\x93NUMPY");
  }
  const unsigned version = start[6];
  if (version < 1 || version > 3 || start[7] != 0) {
    file.refuse("is an .npy file of version " + std::to_string(version) + "." +
                std::to_string(start[7]) + "; read are 1.0, 2.0 and 3.0");
  }
  constexpr std::string_view cut = "ends within the header";
  file.read(start.data() + 8, version == 1 ? 2 : 4, cut);
  const std::uint32_t length =
      version == 1 ? little_endian<2>(start.data() + 8) : little_endian<4>(start.data() + 8);
  if (length > max_npy_header_bytes) {
    file.refuse("has a header of " + std::to_string(length) + " bytes; the most that is read is " +
                std::to_string(max_npy_header_bytes));
  }
  std::string text;
  if (length <= file.left()) {
    text.resize(length);
  }
  file.read(text.data(), length, cut);
  return parse_npy_header(text);
}

}  // namespace detail

namespace io {

/// The matrix in an .npy file.
///
/// shapes    (rows, cols); (n,) is one row of n
/// errors    io::input_error with the file and the rule: not a file, not .npy, another version, element type, order or number of
///           dimensions, no elements, fewer or more bytes than the shape says. Memory is taken only for elements the file holds
/// example   examples/quantize_tensor.cpp
[[nodiscard]] inline float_matrix read_npy(const std::filesystem::path& path) {
  detail::sized_file file{path};
  try {
    const detail::npy_header header = detail::read_npy_header(file);
    const std::uintmax_t held = file.left() / header.element_bytes;
    if (header.rows > held / header.cols || file.left() % header.element_bytes != 0 ||
        header.rows * header.cols != held) {
      file.refuse("holds " + std::to_string(file.left()) + " bytes of data, not the " +
                  std::to_string(header.rows) + " x " + std::to_string(header.cols) + " x " +
                  std::to_string(header.element_bytes) + " that its header says");
    }
    float_matrix x{.rows = static_cast<std::size_t>(header.rows),
                   .cols = static_cast<std::size_t>(header.cols)};
    if (header.element_bytes == 4) {
      detail::read_floats<4>(file, x.values, x.rows * x.cols);
    } else {
      detail::read_floats<2>(file, x.values, x.rows * x.cols);
    }
    return x;
  } catch (const input_error& error) {
    throw error.in_file(path.string());
  }
}

/// The matrix in a file of little-endian float32 and nothing else.
///
/// shapes    [size / (4 * cols), cols]; cols = 0: one row of all
/// errors    io::input_error with the file and the rule: not a file, no elements, a size that is not whole rows
/// example   examples/quantize_tensor.cpp
[[nodiscard]] inline float_matrix read_f32(const std::filesystem::path& path,
                                           std::size_t cols = 0) {
  detail::sized_file file{path};
  if (file.left() == 0) {
    file.refuse("is empty");
  }
  if (file.left() % 4 != 0) {
    file.refuse("has " + std::to_string(file.left()) + " bytes: float32 takes 4 each");
  }
  const auto count = static_cast<std::size_t>(file.left() / 4);
  if (cols > 0 && count % cols != 0) {
    file.refuse("has " + std::to_string(count) + " elements: not whole rows of " +
                std::to_string(cols));
  }
  float_matrix x{.rows = cols > 0 ? count / cols : 1, .cols = cols > 0 ? cols : count};
  detail::read_floats<4>(file, x.values, count);
  return x;
}

/// Replaces a file by a matrix as .npy (version 1.0, '<f4', C order), or leaves it as it was.
///
/// shapes    (rows, cols), any row stride
/// errors    io::input_error with the file and what the system said
/// post      read_npy(path) has the same shape and bits
inline void write_npy(const std::filesystem::path& path, matrix_view<const float> x) {
  detail::expects(!x.empty(), "write_npy: the matrix must not be empty");
  const std::string header = detail::make_npy_header(x.rows(), x.cols());
  detail::replace_file(path, [&](std::FILE* file) {
    if (!detail::write_bytes(file, header.data(), header.size())) {
      return false;
    }
    std::array<unsigned char, detail::file_chunk> bytes{};
    std::size_t used = 0;
    for (std::size_t r = 0; r < x.rows(); ++r) {
      for (const float value : x.row(r)) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        for (std::size_t i = 0; i < 4; ++i) {
          bytes[used++] = static_cast<unsigned char>(bits >> (8 * i));
        }
        if (used == bytes.size()) {
          if (!detail::write_bytes(file, bytes.data(), used)) {
            return false;
          }
          used = 0;
        }
      }
    }
    return detail::write_bytes(file, bytes.data(), used);
  });
}

}  // namespace io
}  // namespace quantroof
