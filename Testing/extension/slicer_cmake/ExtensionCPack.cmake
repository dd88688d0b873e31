# The package's files come with Slicer's own: the licence and the description must be there.
foreach(file "${EXTENSION_README_FILE}" "${EXTENSION_LICENSE_FILE}")
  if(NOT EXISTS "${file}")
    message(FATAL_ERROR "There is no file ${file}")
  endif()
endforeach()
file(APPEND "${CMAKE_BINARY_DIR}/included.txt" "package\n")
