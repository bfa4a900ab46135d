# `cmake --install` and the package for find_package(libagent).
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/libagent")

get_property(exported GLOBAL PROPERTY libagent_exported)
install(TARGETS ${exported} EXPORT libagent-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT libagent-targets NAMESPACE libagent:: DESTINATION ${package_dir})

# Both trees lie below include/libagent, which is the include path, so that
# #include "actors/agent.hpp" means the same file here and there.
install(DIRECTORY libagent actors
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/libagent
  FILES_MATCHING PATTERN "*.hpp")

configure_package_config_file(cmake/libagent-config.cmake.in
  "${PROJECT_BINARY_DIR}/libagent-config.cmake"
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/libagent-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/libagent-config.cmake"
  "${PROJECT_BINARY_DIR}/libagent-config-version.cmake"
  DESTINATION ${package_dir})
