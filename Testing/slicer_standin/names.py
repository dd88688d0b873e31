"""Every name of ``slicer``, ``qt`` and ``ctk`` a module may use in tests, by the source file that defines it.

Files of Slicer (github.com/Slicer/Slicer), CTK (github.com/commontk/CTK) and PythonQt's wrappers
(github.com/MeVisLab/pythonqt), looked up in the sources of August 2026. What is not here may still exist in Slicer:
look it up, add it with its file, then implement it. ``vtk`` is the real one and is asked itself.
"""

from __future__ import annotations

# Names of a file are parted by white space.
DEFINED_IN: dict[str, str] = {
    "CTK: Libs/Widgets/ctkCheckBox.h": "ctk.ctkCheckBox",
    "CTK: Libs/Widgets/ctkCollapsibleButton.h": "ctk.ctkCollapsibleButton",
    "CTK: Libs/Widgets/ctkCollapsibleGroupBox.h": "ctk.ctkCollapsibleGroupBox",
    "CTK: Libs/Widgets/ctkComboBox.h": "ctk.ctkComboBox",
    "CTK: Libs/Widgets/ctkDirectoryButton.h": "ctk.ctkDirectoryButton",
    "CTK: Libs/Widgets/ctkDoubleSpinBox.h": "ctk.ctkDoubleSpinBox",
    "CTK: Libs/Widgets/ctkFittedTextBrowser.h": "ctk.ctkFittedTextBrowser",
    "CTK: Libs/Widgets/ctkMenuButton.h": "ctk.ctkMenuButton",
    "CTK: Libs/Widgets/ctkMessageBox.h": "ctk.ctkMessageBox",
    "CTK: Libs/Widgets/ctkPathLineEdit.h": "ctk.ctkPathLineEdit",
    "CTK: Libs/Widgets/ctkPushButton.h": "ctk.ctkPushButton",
    "CTK: Libs/Widgets/ctkSliderWidget.h": "ctk.ctkSliderWidget",
    "PythonQt: generated_cpp_515/com_trolltech_qt_core/com_trolltech_qt_core0.h": (
        "qt.QCoreApplication slicer.app.applicationName slicer.app.applicationVersion"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_core/com_trolltech_qt_core1.h": (
        "qt.QDir qt.QElapsedTimer qt.QEvent qt.QEventLoop qt.QFile qt.QFileInfo"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_core/com_trolltech_qt_core2.h": (
        "qt.QObject qt.QProcess qt.QProcessEnvironment"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_core/com_trolltech_qt_core3.h": (
        "qt.QSettings qt.QSignalBlocker qt.QStandardPaths qt.QTemporaryDir"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_core/com_trolltech_qt_core4.h": "qt.QTimer",
    "PythonQt: generated_cpp_515/com_trolltech_qt_core_builtin/com_trolltech_qt_core_builtin0.h": """
        qt.QByteArray qt.QDate qt.QDateTime qt.QLineF qt.QLocale qt.QPoint qt.QPointF qt.QRect qt.QRectF
        qt.QSize qt.QSizeF qt.QUrl qt.Qt
    """,
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui0.h": """
        qt.QAbstractButton qt.QAbstractItemView qt.QAction qt.QActionGroup qt.QApplication qt.QBoxLayout
        qt.QButtonGroup qt.QCheckBox qt.QClipboard qt.QComboBox slicer.app.palette slicer.app.topLevelWidgets
    """,
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui1.h": (
        "qt.QDesktopServices qt.QDialog qt.QDialogButtonBox qt.QDoubleSpinBox qt.QDoubleValidator qt.QFileDialog"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui10.h": (
        "qt.QTabWidget qt.QTableWidget qt.QTableWidgetItem qt.QTextBrowser qt.QTextDocument qt.QTextEdit"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui11.h": (
        "qt.QTextOption qt.QToolButton qt.QToolTip"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui12.h": (
        "qt.QVBoxLayout qt.QWidget qt.QWidgetAction"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui2.h": (
        "qt.QFontDatabase qt.QFontInfo qt.QFontMetrics qt.QFontMetricsF qt.QFormLayout qt.QFrame"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui3.h": """
        qt.QGridLayout qt.QGroupBox qt.QHBoxLayout qt.QHeaderView slicer.app.clipboard
        slicer.app.keyboardModifiers slicer.app.restoreOverrideCursor slicer.app.setOverrideCursor
    """,
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui4.h": (
        "qt.QIntValidator qt.QLabel qt.QLayout qt.QLineEdit"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui5.h": (
        "qt.QLinearGradient qt.QListWidget qt.QListWidgetItem qt.QMainWindow qt.QMargins qt.QMenu qt.QMessageBox"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui6.h": (
        "qt.QPainter qt.QPainterPath qt.QPlainTextEdit"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui7.h": (
        "qt.QPolygonF qt.QProgressBar qt.QPushButton qt.QRadioButton qt.QScrollArea"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui/com_trolltech_qt_gui8.h": (
        "qt.QShortcut qt.QSlider qt.QSpacerItem qt.QSpinBox qt.QSplitter qt.QStackedWidget qt.QStandardItem qt.QStyle"
    ),
    "PythonQt: generated_cpp_515/com_trolltech_qt_gui_builtin/com_trolltech_qt_gui_builtin0.h": """
        qt.QBrush qt.QColor qt.QCursor qt.QFont qt.QIcon qt.QImage qt.QKeySequence qt.QPalette qt.QPen
        qt.QPixmap qt.QSizePolicy
    """,
    "PythonQt: generated_cpp_515/com_trolltech_qt_uitools/com_trolltech_qt_uitools0.h": "qt.QUiLoader",
    "PythonQt: src/PythonQtStdDecorators.h": "slicer.app.connect",
    "Slicer: Base/Logic/vtkSlicerApplicationLogic.h": "slicer.vtkSlicerApplicationLogic",
    "Slicer: Base/Python/slicer/ScriptedLoadableModule.py": """
        slicer.ScriptedLoadableModule.ScriptedLoadableModule
        slicer.ScriptedLoadableModule.ScriptedLoadableModuleLogic
        slicer.ScriptedLoadableModule.ScriptedLoadableModuleTest
        slicer.ScriptedLoadableModule.ScriptedLoadableModuleWidget slicer.selfTests
    """,
    "Slicer: Base/Python/slicer/i18n.py": "slicer.i18n.tr slicer.i18n.translate",
    "Slicer: Base/Python/slicer/packaging.py": "slicer.packaging.load_requirements slicer.packaging.pip_ensure",
    "Slicer: Base/Python/slicer/parameterNodeWrapper/default.py": "slicer.parameterNodeWrapper.Default",
    "Slicer: Base/Python/slicer/parameterNodeWrapper/guiConnectors.py": (
        "slicer.parameterNodeWrapper.Decimals slicer.parameterNodeWrapper.SingleStep"
    ),
    "Slicer: Base/Python/slicer/parameterNodeWrapper/validators.py": """
        slicer.parameterNodeWrapper.Choice slicer.parameterNodeWrapper.Maximum
        slicer.parameterNodeWrapper.Minimum slicer.parameterNodeWrapper.WithinRange
    """,
    "Slicer: Base/Python/slicer/parameterNodeWrapper/wrapper.py": "slicer.parameterNodeWrapper.parameterNodeWrapper",
    "Slicer: Base/Python/slicer/util.py": """
        slicer.util.MRMLNodeNotFoundException slicer.util.MessageDialog slicer.util.NodeModify
        slicer.util.RenderBlocker slicer.util.VTKObservationMixin slicer.util.WaitCursor
        slicer.util.addVolumeFromArray slicer.util.array slicer.util.arrayFromMarkupsControlPoints
        slicer.util.arrayFromSegmentBinaryLabelmap slicer.util.arrayFromTableColumn
        slicer.util.arrayFromVTKMatrix slicer.util.arrayFromVolume slicer.util.arrayFromVolumeModified
        slicer.util.childWidgetVariables slicer.util.computeChecksum slicer.util.confirmOkCancelDisplay
        slicer.util.confirmRetryCloseDisplay slicer.util.confirmYesNoDisplay slicer.util.createProgressDialog
        slicer.util.dataframeFromTable slicer.util.delayDisplay slicer.util.downloadFile
        slicer.util.errorDisplay slicer.util.extractArchive slicer.util.findChild slicer.util.findChildren
        slicer.util.getFirstNodeByClassByName slicer.util.getFirstNodeByName slicer.util.getModule
        slicer.util.getModuleLogic slicer.util.getModuleWidget slicer.util.getNode slicer.util.getNodes
        slicer.util.getNodesByClass slicer.util.getSubjectHierarchyItemChildren slicer.util.infoDisplay
        slicer.util.loadScene slicer.util.loadSegmentation slicer.util.loadUI slicer.util.loadVolume
        slicer.util.longPath slicer.util.mainWindow slicer.util.messageBox slicer.util.moduleNames
        slicer.util.modulePath slicer.util.pip_install slicer.util.reloadScriptedModule
        slicer.util.resetSliceViews slicer.util.saveNode slicer.util.saveScene slicer.util.selectModule
        slicer.util.selectedModule slicer.util.setSliceViewerLayers slicer.util.settingsValue
        slicer.util.startupEnvironment slicer.util.tempDirectory slicer.util.toBool
        slicer.util.tryWithErrorDisplay slicer.util.updateMarkupsControlPointsFromArray
        slicer.util.updateSegmentBinaryLabelmapFromArray slicer.util.updateTableFromArray
        slicer.util.updateVTKMatrixFromArray slicer.util.updateVolumeFromArray slicer.util.vtkMatrixFromArray
        slicer.util.warningDisplay
    """,
    "Slicer: Base/QTCore/qSlicerBaseQTCorePythonQtDecorators.h": "slicer.app.processEvents slicer.app.testingEnabled",
    "Slicer: Base/QTCore/qSlicerCoreApplication.h": """
        slicer.app.applicationLogic slicer.app.cachePath slicer.app.majorVersion slicer.app.minorVersion
        slicer.app.moduleManager slicer.app.mrmlScene slicer.app.pauseRender slicer.app.platform
        slicer.app.resumeRender slicer.app.revision slicer.app.revisionUserSettings slicer.app.setRenderPaused
        slicer.app.slicerHome slicer.app.slicerUserSettingsFilePath slicer.app.startupEnvironment
        slicer.app.temporaryPath slicer.app.userSettings slicer.mrmlScene
    """,
    "Slicer: Base/QTGUI/qSlicerApplication.h": (
        "slicer.app.commandOptions slicer.app.layoutManager slicer.app.mainWindow"
    ),
    "Slicer: Base/QTGUI/qSlicerScriptedLoadableModule.h": "slicer.qSlicerScriptedLoadableModule",
    "Slicer: Base/QTGUI/qSlicerScriptedLoadableModuleWidget.h": "slicer.qSlicerScriptedLoadableModuleWidget",
    "Slicer: Libs/MRML/Core/vtkMRMLColorNode.h": "slicer.vtkMRMLColorNode",
    "Slicer: Libs/MRML/Core/vtkMRMLColorTableNode.h": "slicer.vtkMRMLColorTableNode",
    "Slicer: Libs/MRML/Core/vtkMRMLDisplayNode.h": "slicer.vtkMRMLDisplayNode",
    "Slicer: Libs/MRML/Core/vtkMRMLDisplayableNode.h": "slicer.vtkMRMLDisplayableNode",
    "Slicer: Libs/MRML/Core/vtkMRMLInteractionNode.h": "slicer.vtkMRMLInteractionNode",
    "Slicer: Libs/MRML/Core/vtkMRMLLabelMapVolumeNode.h": "slicer.vtkMRMLLabelMapVolumeNode",
    "Slicer: Libs/MRML/Core/vtkMRMLLayoutNode.h": "slicer.vtkMRMLLayoutNode",
    "Slicer: Libs/MRML/Core/vtkMRMLMarkupsClosedCurveNode.h": "slicer.vtkMRMLMarkupsClosedCurveNode",
    "Slicer: Libs/MRML/Core/vtkMRMLMarkupsDisplayNode.h": "slicer.vtkMRMLMarkupsDisplayNode",
    "Slicer: Libs/MRML/Core/vtkMRMLMarkupsFiducialNode.h": "slicer.vtkMRMLMarkupsFiducialNode",
    "Slicer: Libs/MRML/Core/vtkMRMLMarkupsLineNode.h": "slicer.vtkMRMLMarkupsLineNode",
    "Slicer: Libs/MRML/Core/vtkMRMLMarkupsNode.h": "slicer.vtkMRMLMarkupsNode",
    "Slicer: Libs/MRML/Core/vtkMRMLNode.h": "slicer.vtkMRMLNode",
    "Slicer: Libs/MRML/Core/vtkMRMLPlotChartNode.h": "slicer.vtkMRMLPlotChartNode",
    "Slicer: Libs/MRML/Core/vtkMRMLPlotSeriesNode.h": "slicer.vtkMRMLPlotSeriesNode",
    "Slicer: Libs/MRML/Core/vtkMRMLPlotViewNode.h": "slicer.vtkMRMLPlotViewNode",
    "Slicer: Libs/MRML/Core/vtkMRMLProceduralColorNode.h": "slicer.vtkMRMLProceduralColorNode",
    "Slicer: Libs/MRML/Core/vtkMRMLScalarVolumeDisplayNode.h": "slicer.vtkMRMLScalarVolumeDisplayNode",
    "Slicer: Libs/MRML/Core/vtkMRMLScalarVolumeNode.h": "slicer.vtkMRMLScalarVolumeNode",
    "Slicer: Libs/MRML/Core/vtkMRMLScene.h": "slicer.vtkMRMLScene",
    "Slicer: Libs/MRML/Core/vtkMRMLScriptedModuleNode.h": "slicer.vtkMRMLScriptedModuleNode",
    "Slicer: Libs/MRML/Core/vtkMRMLSegmentationDisplayNode.h": "slicer.vtkMRMLSegmentationDisplayNode",
    "Slicer: Libs/MRML/Core/vtkMRMLSegmentationNode.h": "slicer.vtkMRMLSegmentationNode",
    "Slicer: Libs/MRML/Core/vtkMRMLSelectionNode.h": "slicer.vtkMRMLSelectionNode",
    "Slicer: Libs/MRML/Core/vtkMRMLSequenceNode.h": "slicer.vtkMRMLSequenceNode",
    "Slicer: Libs/MRML/Core/vtkMRMLSliceCompositeNode.h": "slicer.vtkMRMLSliceCompositeNode",
    "Slicer: Libs/MRML/Core/vtkMRMLSliceNode.h": "slicer.vtkMRMLSliceNode",
    "Slicer: Libs/MRML/Core/vtkMRMLStorageNode.h": "slicer.vtkMRMLStorageNode",
    "Slicer: Libs/MRML/Core/vtkMRMLSubjectHierarchyNode.h": "slicer.vtkMRMLSubjectHierarchyNode",
    "Slicer: Libs/MRML/Core/vtkMRMLTableNode.h": "slicer.vtkMRMLTableNode",
    "Slicer: Libs/MRML/Core/vtkMRMLTableViewNode.h": "slicer.vtkMRMLTableViewNode",
    "Slicer: Libs/MRML/Core/vtkMRMLTextNode.h": "slicer.vtkMRMLTextNode",
    "Slicer: Libs/MRML/Core/vtkMRMLVectorVolumeNode.h": "slicer.vtkMRMLVectorVolumeNode",
    "Slicer: Libs/MRML/Core/vtkMRMLVolumeNode.h": "slicer.vtkMRMLVolumeNode",
    "Slicer: Libs/MRML/Logic/vtkMRMLApplicationLogic.h": "slicer.vtkMRMLApplicationLogic",
    "Slicer: Libs/MRML/Logic/vtkMRMLColorLogic.h": "slicer.vtkMRMLColorLogic",
    "Slicer: Libs/MRML/Logic/vtkMRMLSliceLogic.h": "slicer.vtkMRMLSliceLogic",
    "Slicer: Libs/MRML/Widgets/qMRMLNodeComboBox.h": "slicer.qMRMLNodeComboBox",
    "Slicer: Libs/MRML/Widgets/qMRMLWidget.h": "slicer.qMRMLWidget",
    "Slicer: Libs/vtkSegmentationCore/vtkOrientedImageData.h": "slicer.vtkOrientedImageData",
    "Slicer: Libs/vtkSegmentationCore/vtkSegment.h": "slicer.vtkSegment",
    "Slicer: Libs/vtkSegmentationCore/vtkSegmentation.h": "slicer.vtkSegmentation",
    "Slicer: Modules/Loadable/Colors/Logic/vtkSlicerColorLogic.h": "slicer.vtkSlicerColorLogic",
    "Slicer: Modules/Loadable/Colors/MRML/vtkMRMLColorLegendDisplayNode.h": "slicer.vtkMRMLColorLegendDisplayNode",
    "Slicer: Modules/Loadable/Colors/qSlicerColorsModule.h": "slicer.modules.colors",
    "Slicer: Modules/Loadable/Markups/qSlicerMarkupsModule.h": "slicer.modules.markups",
    "Slicer: Modules/Loadable/Plots/qSlicerPlotsModule.h": "slicer.modules.plots",
    "Slicer: Modules/Loadable/Segmentations/Logic/vtkSlicerSegmentationsModuleLogic.h": (
        "slicer.vtkSlicerSegmentationsModuleLogic"
    ),
    "Slicer: Modules/Loadable/Segmentations/MRML/vtkMRMLSegmentEditorNode.h": "slicer.vtkMRMLSegmentEditorNode",
    "Slicer: Modules/Loadable/Segmentations/Widgets/qMRMLSegmentEditorWidget.h": "slicer.qMRMLSegmentEditorWidget",
    "Slicer: Modules/Loadable/Segmentations/qSlicerSegmentationsModule.h": "slicer.modules.segmentations",
    "Slicer: Modules/Loadable/Sequences/MRML/vtkMRMLSequenceBrowserNode.h": "slicer.vtkMRMLSequenceBrowserNode",
    "Slicer: Modules/Loadable/Sequences/qSlicerSequencesModule.h": "slicer.modules.sequences",
    "Slicer: Modules/Loadable/SubjectHierarchy/qSlicerSubjectHierarchyModule.h": "slicer.modules.subjecthierarchy",
    "Slicer: Modules/Loadable/Tables/qSlicerTablesModule.h": "slicer.modules.tables",
    "Slicer: Modules/Loadable/Texts/qSlicerTextsModule.h": "slicer.modules.texts",
    "Slicer: Modules/Loadable/Units/qSlicerUnitsModule.h": "slicer.modules.units",
    "Slicer: Modules/Loadable/Volumes/qSlicerVolumesModule.h": "slicer.modules.volumes",
    "Slicer: Modules/Scripted/SampleData/SampleData.py": "SampleData.SampleDataLogic slicer.modules.sampleDataSources",
}


def known_names() -> dict[str, str]:
    """Name to source file."""
    return {name: source for source, names in DEFINED_IN.items() for name in names.split()}
