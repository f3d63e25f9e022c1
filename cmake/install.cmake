# Install the headers and the package files. find_package(quantroof) gives quantroof::core and quantroof::quantroof;
# find_package(quantroof COMPONENTS core) gives quantroof::core alone and looks for no dependency.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(quantroof_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/quantroof")

install(TARGETS quantroof_core EXPORT quantroofCoreTargets FILE_SET HEADERS)
install(TARGETS quantroof EXPORT quantroofTargets FILE_SET HEADERS)
install(EXPORT quantroofCoreTargets NAMESPACE quantroof:: DESTINATION "${quantroof_package_dir}")
install(EXPORT quantroofTargets NAMESPACE quantroof:: DESTINATION "${quantroof_package_dir}")

configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/quantroofConfig.cmake.in" "${PROJECT_BINARY_DIR}/quantroofConfig.cmake"
  INSTALL_DESTINATION "${quantroof_package_dir}"
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/quantroofConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion # while 0.x; SameMajorVersion from 1.0 on
  ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/quantroofConfig.cmake" "${PROJECT_BINARY_DIR}/quantroofConfigVersion.cmake"
        DESTINATION "${quantroof_package_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/quantroof")
