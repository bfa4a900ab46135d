# Finds what we link. The installed package looks for the same (libagent-config.cmake.in).
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)

# The CAF that scripts/setup built. CAF_ROOT or CMAKE_PREFIX_PATH name another one.
include("${PROJECT_SOURCE_DIR}/build/caf_prefix.cmake" OPTIONAL)
if(LIBAGENT_SANITIZE MATCHES "thread" AND EXISTS "${LIBAGENT_CAF_TSAN}")
  list(PREPEND CMAKE_PREFIX_PATH "${LIBAGENT_CAF_TSAN}")
elseif(LIBAGENT_CAF_PLAIN)
  list(PREPEND CMAKE_PREFIX_PATH "${LIBAGENT_CAF_PLAIN}")
endif()

# CAF's own version file accepts only an exact match, and it does not check components.
find_package(CAF CONFIG QUIET)
if(NOT CAF_FOUND OR CAF_VERSION VERSION_LESS 0.18.7 OR NOT TARGET CAF::openssl)
  message(FATAL_ERROR
    "No CAF >= 0.18.7 with its io and openssl modules was found.\n"
    "scripts/setup builds one; or set CAF_ROOT to where it is installed.")
endif()
if(CAF_VERSION VERSION_GREATER_EQUAL 0.19)
  message(WARNING "CAF ${CAF_VERSION} is untested; libagent is written for 0.18.7.")
endif()
message(STATUS "CAF ${CAF_VERSION}: ${CAF_DIR}")
