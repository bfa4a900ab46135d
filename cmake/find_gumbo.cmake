# gumbo-parser ships no CMake package.
find_path(GUMBO_INCLUDE_DIR gumbo.h)
find_library(GUMBO_LIBRARY gumbo)
if(NOT GUMBO_INCLUDE_DIR OR NOT GUMBO_LIBRARY)
  message(FATAL_ERROR "gumbo-parser was not found (Debian: libgumbo-dev)")
endif()
if(NOT TARGET Gumbo::gumbo)
  add_library(Gumbo::gumbo UNKNOWN IMPORTED)
  set_target_properties(Gumbo::gumbo PROPERTIES
    IMPORTED_LOCATION "${GUMBO_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${GUMBO_INCLUDE_DIR}")
endif()
