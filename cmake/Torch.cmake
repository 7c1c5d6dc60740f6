# LibTorch from the pinned wheel, as the imported target drover_torch.
#
# The CPU build links libtorch_cpu and libc10 alone. Both name libcudart and libcupti (of the same wheel set), which
# ./drover setup puts beside them; --allow-shlib-undefined keeps the linker from looking for the rest.
set(LIBTORCH "${DROVER_DEPS}/libtorch")
if(NOT EXISTS "${LIBTORCH}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch is not at ${LIBTORCH}: run './drover setup', or configure with -DDROVER_TORCH=OFF")
endif()

add_library(drover_torch INTERFACE)
target_include_directories(drover_torch SYSTEM INTERFACE
  "${LIBTORCH}/include" "${LIBTORCH}/include/torch/csrc/api/include")
target_compile_definitions(drover_torch INTERFACE USE_DISTRIBUTED USE_C10D_GLOO)
target_compile_options(drover_torch INTERFACE -Wno-deprecated-declarations)
target_link_options(drover_torch INTERFACE -Wl,--allow-shlib-undefined)
target_link_libraries(drover_torch INTERFACE "${LIBTORCH}/lib/libtorch_cpu.so" "${LIBTORCH}/lib/libc10.so")

# Every LibTorch-including file takes about 25 s; with this precompiled header a few. Targets reuse it by linking
# drover_torch_pch's compile flags through drover_use_torch().
file(WRITE "${CMAKE_BINARY_DIR}/torch_pch.cc" "")
add_library(drover_torch_pch OBJECT "${CMAKE_BINARY_DIR}/torch_pch.cc")
target_link_libraries(drover_torch_pch PRIVATE drover_torch)
target_precompile_headers(drover_torch_pch PRIVATE <torch/torch.h>)
