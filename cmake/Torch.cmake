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

# CUDA: LibTorch's CUDA part and NCCL from the same wheels, headers of the toolkit. libtorch_cuda registers its kernels
# when it is loaded; nothing names its symbols, so the linker must not drop it.
if(DROVER_CUDA)
  find_package(CUDAToolkit 13.0 REQUIRED)
  if(NOT EXISTS "${LIBTORCH}/lib/libtorch_cuda.so")
    message(FATAL_ERROR "LibTorch's CUDA part is not at ${LIBTORCH}: run './drover setup --cuda'")
  endif()
  target_include_directories(drover_torch SYSTEM INTERFACE "${LIBTORCH}/cuda-include" ${CUDAToolkit_INCLUDE_DIRS})
  target_compile_definitions(drover_torch INTERFACE DROVER_CUDA=1 USE_C10D_NCCL USE_CUDA)
  target_link_libraries(drover_torch INTERFACE
    -Wl,--no-as-needed "${LIBTORCH}/lib/libtorch_cuda.so" "${LIBTORCH}/lib/libc10_cuda.so" -Wl,--as-needed
    CUDA::cudart)
  target_link_options(drover_torch INTERFACE -Wl,--disable-new-dtags "-Wl,-rpath,${LIBTORCH}/lib:${CUDAToolkit_LIBRARY_DIR}")
endif()
