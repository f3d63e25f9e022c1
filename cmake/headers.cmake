# The headers that are installed and checked one by one: this list is the public surface.
# A test compares it with the tree. After adding a header:
#   cmake -D WRITE=ON -P tests/structure/headers_listed.cmake

set(quantroof_core_headers # the standard library only
    include/quantroof/core.hpp
    include/quantroof/detail/expects.hpp
    include/quantroof/detail/math.hpp
    include/quantroof/detail/matrix_view.hpp
    include/quantroof/detail/names.hpp
    include/quantroof/detail/short_string.hpp
    include/quantroof/detail/static_vector.hpp
    include/quantroof/engine/engine.hpp
    include/quantroof/engine/recommendation.hpp
    include/quantroof/engine/scenario.hpp
    include/quantroof/engine/selection.hpp
    include/quantroof/engine/substitution.hpp
    include/quantroof/hardware/amd.hpp
    include/quantroof/hardware/apple.hpp
    include/quantroof/hardware/compute_precision.hpp
    include/quantroof/hardware/device_list.hpp
    include/quantroof/hardware/flash_attention_version.hpp
    include/quantroof/hardware/google.hpp
    include/quantroof/hardware/hardware_registry.hpp
    include/quantroof/hardware/hardware_spec.hpp
    include/quantroof/hardware/intel.hpp
    include/quantroof/hardware/nvidia.hpp
    include/quantroof/hardware/nvidia_ada.hpp
    include/quantroof/hardware/nvidia_ampere.hpp
    include/quantroof/hardware/nvidia_blackwell.hpp
    include/quantroof/hardware/nvidia_blackwell_rtx.hpp
    include/quantroof/hardware/nvidia_hopper.hpp
    include/quantroof/hardware/nvidia_volta_turing.hpp
    include/quantroof/hardware/spec_device.hpp
    include/quantroof/model/memory.hpp
    include/quantroof/model/mixed_precision.hpp
    include/quantroof/model/operator_type.hpp
    include/quantroof/model/phase.hpp
    include/quantroof/model/presets.hpp
    include/quantroof/model/strategies.hpp
    include/quantroof/model/transformer.hpp
    include/quantroof/precision/block_format.hpp
    include/quantroof/precision/float_format.hpp
    include/quantroof/precision/minifloat.hpp
    include/quantroof/precision/percentile.hpp
    include/quantroof/precision/precision.hpp
    include/quantroof/precision/quantize.hpp
    include/quantroof/roofline/attention.hpp
    include/quantroof/roofline/flash_attention.hpp
    include/quantroof/roofline/gemm.hpp
    include/quantroof/roofline/roofline.hpp
    include/quantroof/roofline/step.hpp
    include/quantroof/roofline/textbook.hpp
    include/quantroof/version.hpp)

set(quantroof_io_headers # fmt and nlohmann_json
    include/quantroof/quantroof.hpp)
