// SPDX-License-Identifier: Apache-2.0
//
// Matrices in files: what NumPy writes, what it could have written, and what only an attacker or an accident would.
#include "quantroof/io/tensor_file.hpp"

#include <bit>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "scratch.hpp"
#include "test_table.hpp"

namespace tensor_file_test {

namespace {

using namespace quantroof;
using test::content;
using test::error_of;
using test::scratch;

std::string bytes_of(std::uint64_t value, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes += static_cast<char>(value >> (8 * i));
  }
  return bytes;
}
std::string floats(const std::vector<float>& values) {
  std::string bytes;
  for (const float v : values) {
    bytes += bytes_of(std::bit_cast<std::uint32_t>(v), 4);
  }
  return bytes;
}
/// An .npy file put together by hand; the layout is that of numpy/lib/format.py.
std::string npy(const std::string& dictionary, const std::string& data, char major = 1,
                char minor = 0) {
  return std::string{"\x93NUMPY"} + major + minor +
         bytes_of(dictionary.size(), major == 1 ? 2 : 4) + dictionary + data;
}
std::string described(const std::string& type, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
}
std::vector<std::uint32_t> bits_of_all(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float v : values) {
    bits.push_back(std::bit_cast<std::uint32_t>(v));
  }
  return bits;
}

TEST_CASE("a file as NumPy writes it is read") {
  const scratch folder;
  // numpy.save of numpy.array([[1, 2, 3], [4, 5, 6]], dtype='<f4'): 128 bytes of header.
  const std::string dictionary =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + std::string(58, ' ') + "\n";
  const std::string file = npy(dictionary, floats({1, 2, 3, 4, 5, 6}));
  REQUIRE(file.size() == 128 + 24);
  const io::float_matrix x = io::read_npy(folder.write("x.npy", file));
  CHECK(x.rows == 2);
  CHECK(x.cols == 3);
  CHECK(x.values == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(x.matrix()(1, 0) == 4.0F);
}

TEST_CASE("versions, spellings and dimensions that mean the same") {
  struct accepted {
    std::string file;
    std::size_t rows;
    std::size_t cols;
  };
  const std::string two = floats({1, -2});
  const std::vector<accepted> table = {
      {npy(described("<f4", "(1, 2)"), two), 1, 2},
      {npy(described("<f4", "(2, 1)"), two), 2, 1},
      {npy(described("<f4", "(2,)"), two), 1, 2},
      {npy(described("<f4", "(1, 2)"), two, 2), 1, 2},
      {npy(described("<f4", "(1, 2)"), two, 3), 1, 2},
      {npy("{'shape':(1,2),'fortran_order':False,'descr':'<f4'}", two), 1, 2},
      {npy(R"({ "shape" : ( 1 , 2 , ) , "descr" : "<f4" , "fortran_order" : False })", two), 1, 2},
      {npy(described("<f2", "(2,)"), bytes_of(0x3C00, 2) + bytes_of(0xC000, 2)), 1, 2},
  };
  const scratch folder;
  for (const accepted& a : table) {
    CAPTURE(a.file);
    const io::float_matrix x = io::read_npy(folder.write("x.npy", a.file));
    CHECK(x.rows == a.rows);
    CHECK(x.cols == a.cols);
    CHECK(x.values == std::vector<float>{1, -2});
  }
}

TEST_CASE("all bits of a float are data, all halves have their value") {
  const scratch folder;
  const std::vector<float> odd = {-0.0F,
                                  std::numeric_limits<float>::denorm_min(),
                                  std::numeric_limits<float>::infinity(),
                                  std::bit_cast<float>(0xFFC12345U),
                                  std::numeric_limits<float>::max(),
                                  0x1p-126F};
  const auto x = io::read_npy(folder.write("x.npy", npy(described("<f4", "(2, 3)"), floats(odd))));
  CHECK(bits_of_all(x.values) == bits_of_all(odd));

  std::string halves;
  for (std::uint32_t code = 0; code < 65536; ++code) {
    halves += bytes_of(code, 2);
  }
  const auto y = io::read_npy(folder.write("y.npy", npy(described("<f2", "(256, 256)"), halves)));
  std::size_t different = 0;
  for (std::uint32_t code = 0; code < 65536; ++code) {
    different +=
        std::bit_cast<std::uint32_t>(y.values[code]) !=
                std::bit_cast<std::uint32_t>(to_float(float16_t{static_cast<std::uint16_t>(code)}))
            ? 1U
            : 0U;
  }
  CHECK(different == 0);
}

TEST_CASE("what cannot be read says which file and why") {
  struct hostile {
    std::string file;
    std::string pointer;
    std::string rule;
  };
  const std::string four = floats({1, 2, 3, 4});
  const auto dictionary = [&](const std::string& text) { return npy(text, four); };
  const auto shaped = [&](const std::string& shape) { return npy(described("<f4", shape), four); };
  const auto typed = [&](const std::string& type) { return npy(described(type, "(4,)"), four); };
  const std::vector<hostile> table = {
      // The beginning
      {"", "", "is not an .npy file: too short"},
      {"\x93NUMPY", "", "is not an .npy file: too short"},
      {"PK\x03\x04 this is an npz", "", "is not an .npy file: it does not begin with \\x93NUMPY"},
      {npy(described("<f4", "(4,)"), four, 4), "", "of version 4.0; read are 1.0, 2.0 and 3.0"},
      {npy(described("<f4", "(4,)"), four, 1, 7), "", "of version 1.7"},
      {std::string{"\x93NUMPY\1\0", 8}, "", "ends within the header"},
      {std::string{"\x93NUMPY\1\0\x40", 9}, "", "ends within the header"},
      {std::string{"\x93NUMPY\1\0\xFF\xFF{}", 12}, "", "ends within the header"},
      {std::string{"\x93NUMPY\2\0\xFF\xFF\xFF\xFF", 12}, "",
       "has a header of 4294967295 bytes; the most that is read is 65535"},
      {std::string{"\x93NUMPY\3\0\0\0\1\0", 12}, "", "has a header of 65536 bytes"},
      // The dictionary
      {dictionary(""), "", "the header ends where '{' was expected"},
      {dictionary("("), "", "the header has '(' where '{' was expected"},
      {dictionary("{"), "", "the header must be a dictionary of names in quotes"},
      {dictionary("{descr: '<f4'}"), "", "the header must be a dictionary of names in quotes"},
      {dictionary("{'descr"), "", "the header ends within quotes"},
      {dictionary("{'descr' '<f4'}"), "", "the header has ''' where ':' was expected"},
      {dictionary("{'descr': '<f4' 'shape': (4,)}"), "", "has ''' where ',' was expected"},
      {dictionary("{'descr': '<f4'"), "", "the header ends where ',' was expected"},
      {dictionary("{'descr': '<f4', 'shape': (4,)}"), "/fortran_order", "is missing in the header"},
      {dictionary("{'fortran_order': False, 'shape': (4,)}"), "/descr", "is missing"},
      {dictionary("{'descr': '<f4', 'fortran_order': False}"), "/shape", "is missing"},
      {dictionary("{'descr': '<f4', 'descr': '<f4'}"), "/descr", "is in the header twice"},
      {dictionary("{'dtype': '<f4'}"), "",
       "the header has a member \"dtype\"; known: descr, fortran_order, shape"},
      {dictionary("{'" + std::string(1000, 'x') + "': 1}"), "",
       std::string(40, 'x') + "...\"; known"},
      {dictionary(described("<f4", "(4,)") + "x"), "", "the header goes on after its dictionary"},
      {dictionary(described("<f4", "(4,)") + std::string(1, '\0')), "", "has a zero byte"},
      {dictionary("{'descr': __import__('os').system('true')}"), "/descr",
       "must be the name of one type"},
      // The type
      {typed("<f8"), "/descr", "not '<f8': it would be rounded twice; save it as float32"},
      {typed(">f4"), "/descr", "must be '<f4' or '<f2' (little-endian floats), not '>f4'"},
      {typed("|i1"), "/descr", "not '|i1'"},
      {typed("<V2"), "/descr", "not '<V2'"},
      {typed(std::string(1000, 'f')), "/descr", "not '" + std::string(40, 'f') + "...'"},
      {dictionary("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,)}"), "/descr",
       "structured arrays are not read"},
      // The order
      {dictionary("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }"), "/fortran_order",
       "must be False: the array is stored column by column"},
      {dictionary("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 2), }"), "/fortran_order",
       "must be False or True"},
      {dictionary("{'descr': '<f4', 'fortran_order': "), "/fortran_order", "must be False or True"},
      // The shape
      {shaped("()"), "/shape", "must have 1 or 2 dimensions, not none"},
      {shaped("(1, 2, 2)"), "/shape", "must have 1 or 2 dimensions, not more"},
      {shaped("(4)"), "/shape", "must be a tuple of whole numbers"},
      {shaped("4"), "/shape", "must be a tuple of whole numbers"},
      {shaped("(2 2)"), "/shape", "must be a tuple of whole numbers"},
      {shaped("(,)"), "/shape", "must be a tuple of whole numbers"},
      {shaped("(-4,)"), "/shape", "must be a tuple of whole numbers"},
      {shaped("(4.0,)"), "/shape", "must be a tuple of whole numbers"},
      {shaped("('4',)"), "/shape", "must be a tuple of whole numbers"},
      {shaped("(4"), "/shape", "must be a tuple of whole numbers"},
      {shaped("(0, 4)"), "/shape", "must have no extent of 0"},
      {shaped("(18446744073709551616,)"), "/shape", "must have extents below 2^64"},
      // The data
      {shaped("(5,)"), "", "holds 16 bytes of data, not the 1 x 5 x 4 that its header says"},
      {shaped("(3,)"), "", "holds 16 bytes of data, not the 1 x 3 x 4"},
      {npy(described("<f4", "(4,)"), four + "x"), "", "holds 17 bytes of data"},
      {npy(described("<f4", "(1,)"), ""), "", "holds 0 bytes of data"},
      {npy(described("<f2", "(2, 2)"), four), "", "holds 16 bytes of data, not the 2 x 2 x 2"},
      // Products that wrap around to 16 bytes, and sizes nobody has
      {shaped("(4611686018427387905, 4)"), "", "not the 4611686018427387905 x 4 x 4"},
      {shaped("(4294967296, 4294967296)"), "", "not the 4294967296 x 4294967296 x 4"},
      {shaped("(18446744073709551615, 18446744073709551615)"), "", "holds 16 bytes of data"},
      {shaped("(1000000000000,)"), "", "holds 16 bytes of data"},
  };
  const scratch folder;
  for (const hostile& h : table) {
    CAPTURE(h.file.substr(0, 200));
    const std::filesystem::path path = folder.write("bad.npy", h.file);
    const io::input_error error = error_of([&] { (void)io::read_npy(path); });
    CHECK(error.file() == path.string());
    CHECK(error.pointer() == h.pointer);
    CHECK_THAT(std::string{error.rule()}, test::contains(h.rule));
  }
}

TEST_CASE("every file cut short is refused") {
  const scratch folder;
  const std::string whole = npy(described("<f4", "(2, 3)"), floats({1, 2, 3, 4, 5, 6}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto path = folder.write("cut.npy", whole.substr(0, size));
    CHECK(error_of([&] { (void)io::read_npy(path); }).file() == path.string());
  }
  CHECK(io::read_npy(folder.write("whole.npy", whole)).cols == 3);
}

TEST_CASE("no byte of a header can be changed into a crash") {
  const scratch folder;
  const std::string whole = npy(described("<f4", "(2, 3)"), floats({1, 2, 3, 4, 5, 6}));
  int read = 0;
  for (std::size_t i = 0; i + 24 < whole.size(); ++i) {
    for (const int change : {0x01, 0x10, 0x80, 0xFF}) {
      std::string file = whole;
      file[i] = static_cast<char>(file[i] ^ change);
      try {
        const io::float_matrix x = io::read_npy(folder.write("changed.npy", file));
        read += x.rows * x.cols == x.values.size() && x.values.size() == 6 ? 1 : 1000;
      } catch (const io::input_error&) {
        continue;
      }
    }
  }
  CHECK(read < 20);  // a space may become a tab; no change makes another matrix of it
}

TEST_CASE("raw floats get their shape from the caller") {
  const scratch folder;
  const auto path = folder.write("x.f32", floats({1, 2, 3, 4, 5, 6}));
  const io::float_matrix x = io::read_f32(path, 2);
  CHECK(x.rows == 3);
  CHECK(x.cols == 2);
  CHECK(x.values == std::vector<float>{1, 2, 3, 4, 5, 6});
  const io::float_matrix row = io::read_f32(path);
  CHECK(row.rows == 1);
  CHECK(row.cols == 6);
  CHECK(error_of([&] { (void)io::read_f32(path, 4); }).rule() ==
        "has 6 elements: not whole rows of 4");
  CHECK(error_of([&] { (void)io::read_f32(path, 7); }).rule() ==
        "has 6 elements: not whole rows of 7");
  CHECK(error_of([&] { (void)io::read_f32(folder.write("odd.f32", "12345"), 1); }).rule() ==
        "has 5 bytes: float32 takes 4 each");
  CHECK(error_of([&] { (void)io::read_f32(folder.write("empty.f32", ""), 1); }).rule() ==
        "is empty");
}

TEST_CASE("what is not a file is refused before it is opened") {
  const scratch folder;
  CHECK(error_of([&] { (void)io::read_npy(folder / "."); }).rule() == "is not a regular file");
  CHECK_THAT(std::string{error_of([&] { (void)io::read_npy(folder / "none"); }).rule()},
             test::contains("cannot be read: "));
  CHECK_THAT(std::string{error_of([&] { (void)io::read_f32(folder / "none"); }).what()},
             test::contains((folder / "none").string()));
  if (std::filesystem::exists("/dev/zero")) {
    CHECK(error_of([&] { (void)io::read_f32("/dev/zero"); }).rule() == "is not a regular file");
  }
}

TEST_CASE("a matrix comes back as it was written") {
  const scratch folder;
  std::vector<float> values(100000);  // more than one piece of 64 KiB
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i) * 2654435761U);
  }
  const auto path = folder / "x.npy";
  io::write_npy(path, {values.data(), 250, 400});
  const io::float_matrix whole = io::read_npy(path);
  CHECK(whole.rows == 250);
  CHECK(whole.cols == 400);
  CHECK(bits_of_all(whole.values) == bits_of_all(values));

  io::write_npy(path, {values.data() + 5, 3, 7, 400});  // a window replaces the file
  const io::float_matrix window = io::read_npy(path);
  CHECK(window.rows == 3);
  CHECK(window.cols == 7);
  std::size_t different = 0;
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 7; ++c) {
      different += std::bit_cast<std::uint32_t>(window.values[r * 7 + c]) !=
                           std::bit_cast<std::uint32_t>(values[5 + r * 400 + c])
                       ? 1U
                       : 0U;
    }
  }
  CHECK(different == 0);
  CHECK(folder.files() == 1);
}

TEST_CASE("what is written is what NumPy would have written") {
  const scratch folder;
  const auto path = folder / "x.npy";
  const float one = 1;
  io::write_npy(path, {&one, 1, 1});
  const std::string file = content(path);
  // "the total of len(magic) + 2 + len(length) + HEADER_LEN must be evenly divisible by 64", numpy/lib/format.py
  REQUIRE(file.size() == 128 + 4);
  CHECK(file.substr(0, 10) == std::string{"\x93NUMPY\1\0\x76\0", 10});
  CHECK(file.substr(10, 59) == "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }");
  CHECK(file.substr(69, 58) == std::string(58, ' '));
  CHECK(file[127] == '\n');
  CHECK(file.substr(128) == floats({1}));
}

TEST_CASE("nothing is half-written") {
  const scratch folder;
  const float one = 1;
  CHECK_THAT(std::string{error_of([&] {
                           io::write_npy(folder / "no/x.npy", {&one, 1, 1});
                         }).what()},
             test::contains("cannot be written"));
  CHECK(error_of([&] {
          io::write_npy(folder / ".", {&one, 1, 1});
        }).rule() == "cannot be written: it is not a regular file");
  REQUIRE_THROWS_WITH(io::write_npy(folder / "x.npy", {}),
                      test::contains("write_npy: the matrix must not be empty"));
  CHECK(folder.files() == 0);
  if (std::filesystem::exists("/dev/full")) {  // a link into a folder that is full would do as well
    CHECK(error_of([&] {
            io::write_npy("/dev/full", {&one, 1, 1});
          }).rule() == "cannot be written: it is not a regular file");
  }
}

}  // namespace

}  // namespace tensor_file_test
