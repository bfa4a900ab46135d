# Initial cache (cmake -C) for our build of CAF. Every flag that changes the
# result is here, because scripts/internal/caf.sh names the prefix after a hash
# of this folder and of the patches.
#
# Static: one binary to copy, and a CAF with our patches cannot be mixed up with
# an unpatched one at run time. Unity: 2.4 to 3.4 times faster to build.
# -w: CAF 0.18 warns by the thousand in newer compilers; they are not ours to fix.
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "")
set(CMAKE_CXX_FLAGS "-w" CACHE STRING "")
set(CMAKE_POSITION_INDEPENDENT_CODE ON CACHE BOOL "")
set(CMAKE_INSTALL_LIBDIR lib CACHE STRING "")
set(CMAKE_UNITY_BUILD ON CACHE BOOL "")
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16 CACHE STRING "")
set(CMAKE_PROJECT_CAF_INCLUDE "${CMAKE_CURRENT_LIST_DIR}/keep_out_of_unity.cmake" CACHE FILEPATH "")
set(BUILD_SHARED_LIBS OFF CACHE BOOL "")
set(CAF_ENABLE_IO_MODULE ON CACHE BOOL "")
set(CAF_ENABLE_OPENSSL_MODULE ON CACHE BOOL "")
set(CAF_ENABLE_TESTING OFF CACHE BOOL "")
set(CAF_ENABLE_EXAMPLES OFF CACHE BOOL "")
set(CAF_ENABLE_TOOLS OFF CACHE BOOL "")
set(CAF_LOG_LEVEL QUIET CACHE STRING "")

# ThreadSanitizer reports races in uninstrumented synchronisation code that are
# none, so the tsan preset links a CAF that was built with it.
if(LIBAGENT_CAF_VARIANT STREQUAL "tsan")
  set(CMAKE_CXX_FLAGS "-w -g1 -fsanitize=thread" CACHE STRING "" FORCE)
endif()
