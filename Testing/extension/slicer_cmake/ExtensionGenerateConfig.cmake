file(APPEND "${CMAKE_BINARY_DIR}/included.txt" "generate config\n")
