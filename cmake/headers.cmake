# The headers that are installed and checked one by one: this list is the public surface.
# A test compares it with the tree. After adding a header:
#   cmake -D WRITE=ON -P tests/structure/headers_listed.cmake

set(quantroof_core_headers # the standard library only
    include/quantroof/detail/expects.hpp
    include/quantroof/detail/math.hpp
    include/quantroof/detail/matrix_view.hpp
    include/quantroof/detail/names.hpp
    include/quantroof/detail/short_string.hpp
    include/quantroof/detail/static_vector.hpp
    include/quantroof/hardware/flash_attention_version.hpp
    include/quantroof/hardware/hardware_spec.hpp
    include/quantroof/model/memory.hpp
    include/quantroof/model/mixed_precision.hpp
    include/quantroof/model/operator_type.hpp
    include/quantroof/model/phase.hpp
    include/quantroof/model/presets.hpp
    include/quantroof/model/strategies.hpp
    include/quantroof/model/transformer.hpp
    include/quantroof/precision/float_format.hpp
    include/quantroof/precision/percentile.hpp
    include/quantroof/precision/precision.hpp
    include/quantroof/precision/quantize.hpp
    include/quantroof/version.hpp)

set(quantroof_io_headers # fmt and nlohmann_json
    )
