# drover_library(NAME SRCS ... [DEPS ...] [TORCH] [UNITY])   a static library; headers are included by their repository path
# drover_program(NAME SRCS ... [DEPS ...] [TORCH])   an executable in build/bin
# drover_test(NAME SRCS ... [DEPS ...] [TORCH] [ARGS ...])   a GoogleTest executable, run whole by ctest as one test
#
# TORCH links LibTorch. All reuse headers that are compiled once (Precompiled.cmake).
# UNITY compiles up to six files as one, as TORCH does: for libraries whose headers are most of the work. What such files name
# in anonymous namespaces must differ within the library.
if(DROVER_SANITIZE MATCHES "thread")
  set(DROVER_TSAN "$<TARGET_OBJECTS:drover_tsan_abseil>")  # tests/tsan/: part of every executable
endif()
add_custom_target(programs)     # every drover_program
add_custom_target(all_tests)    # every drover_test
add_custom_target(all_fuzzers)  # every drover_fuzzer

function(_drover_common name torch headers)
  target_include_directories(${name} PUBLIC "$<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>")
  if(torch)
    target_link_libraries(${name} PUBLIC drover_torch)
    drover_reuse_precompiled(${name} drover_torch_pch)
    _drover_unity(${name})  # reading those headers is much of the work of a small file
  elseif(headers IN_LIST DROVER_PCH)
    drover_reuse_precompiled(${name} ${headers})
  endif()
endfunction()

function(_drover_unity name)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${DROVER_UNITY} UNITY_BUILD_BATCH_SIZE 6)
  if(DROVER_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -Wno-subobject-linkage)  # it takes the files in a batch for headers
  endif()
endfunction()

function(drover_library name)
  cmake_parse_arguments(A "TORCH;UNITY" "" "SRCS;DEPS" ${ARGN})
  add_library(${name} STATIC ${A_SRCS})
  target_link_libraries(${name} PUBLIC ${A_DEPS})
  _drover_common(${name} "${A_TORCH}" drover_pch)
  if(A_UNITY)
    _drover_unity(${name})
  endif()
endfunction()

function(drover_program name)
  cmake_parse_arguments(A "TORCH" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${A_SRCS} ${DROVER_TSAN})
  add_dependencies(programs ${name})
  target_link_libraries(${name} PRIVATE ${A_DEPS})
  _drover_common(${name} "${A_TORCH}" drover_pch)
endfunction()

function(drover_test name)
  cmake_parse_arguments(A "TORCH" "TIMEOUT" "SRCS;DEPS;ARGS" ${ARGN})
  add_executable(${name} ${A_SRCS} ${DROVER_TSAN})
  add_dependencies(all_tests ${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${A_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  _drover_common(${name} "${A_TORCH}" drover_test_pch)
  add_test(NAME ${name} COMMAND ${name} ${A_ARGS} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${A_TIMEOUT})
endfunction()

# drover_fuzzer(NAME SRCS ... DEPS ...)   a libFuzzer program in build-sanitize/fuzz, with its corpus in fuzz/corpus/NAME
# beside the source; only with DROVER_FUZZ (clang).
function(drover_fuzzer name)
  if(NOT DROVER_FUZZ)
    return()
  endif()
  cmake_parse_arguments(A "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${A_SRCS} ${DROVER_TSAN})
  add_dependencies(all_fuzzers ${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
  target_link_libraries(${name} PRIVATE ${A_DEPS})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  _drover_common(${name} "" drover_pch)
endfunction()
