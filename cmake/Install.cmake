# cmake --install BUILD --prefix /opt/drover [--component programs|libtorch]: what a machine needs to run Drover beside Debian's
# runtime packages (deploy/image/runtime-packages.txt). The tree can be moved: programs look for LibTorch in ../lib, for recipes in ../share/drover.
#
#   programs   bin/, share/drover/recipes/, share/doc/drover/ (licences)
#   libtorch   lib/: LibTorch of the pinned wheels, 460 MB; with CUDA all of it, 1.9 GB, without the toolkit's own libraries
#   gpu_tests  tests/: the tests written for GPUs, for tools/gpu-kit/; installed when named alone
set(programs drover drover-learner drover-actor drover-verifier drover-model)
foreach(program IN LISTS programs)
  if(NOT TARGET ${program})
    return()  # a build without LibTorch
  endif()
endforeach()

set(gpu_tests learner_cuda_test actor_cuda_test gpu_agreement_test)
foreach(target IN LISTS programs gpu_tests)
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
  # As DT_RPATH, which also holds for what the libraries in ../lib need themselves; DT_RUNPATH would not.
  target_link_options(${target} PRIVATE -Wl,--disable-new-dtags)
endforeach()

install(TARGETS ${programs} RUNTIME DESTINATION bin COMPONENT programs)
install(TARGETS ${gpu_tests} RUNTIME DESTINATION tests COMPONENT gpu_tests EXCLUDE_FROM_ALL)
install(DIRECTORY recipes/ DESTINATION share/drover/recipes COMPONENT programs)
install(FILES LICENSE THIRD_PARTY.md DESTINATION share/doc/drover COMPONENT programs)
# The licences that came with the wheels (a .deps/ unpacked by an older set-up has none).
install(DIRECTORY "${LIBTORCH}/licenses/" DESTINATION share/doc/drover/libtorch COMPONENT libtorch OPTIONAL)

if(DROVER_CUDA)
  install(DIRECTORY "${LIBTORCH}/lib/" DESTINATION lib COMPONENT libtorch)
else()
  foreach(library IN ITEMS libtorch_cpu.so libc10.so libgomp.so.1 libcudart.so.13 libcupti.so.13)
    install(PROGRAMS "${LIBTORCH}/lib/${library}" DESTINATION lib COMPONENT libtorch)
  endforeach()
endif()
